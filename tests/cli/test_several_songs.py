"""Several songs at a time: `-j`."""

import os

from tests.cli.commands import run, stems_in
from tests.made import write_song
from tests.onnx_models import write_gain_model

from acapella.jobs import worker


def test_songs_side_by_side_come_out_as_one_by_one(folder, capsys):
    for name in ("b.flac", "c.wav"):
        write_song(folder / name, 0.3)
    (folder / "bad.wav").write_text("no audio")
    songs = ("bad.wav", "b.flac", "c.wav", "song.wav", "--model", "half.onnx")
    assert run(*songs, "-o", "one") == 1
    one_by_one = capsys.readouterr().err
    assert run(*songs, "-o", "two", "-j", "2") == 1
    printed = capsys.readouterr().err
    for said in (one_by_one, printed):
        assert "Error: bad.wav: cannot be decoded" in said
        assert "3 of 4 songs done." in said
    assert stems_in(folder / "one") == stems_in(folder / "two")
    for name in stems_in(folder / "one"):
        assert (folder / "one" / name).read_bytes() == (folder / "two" / name).read_bytes()
    assert run(*songs, "-o", "two", "-j", "2", "--skip-existing") == 1
    assert capsys.readouterr().err.count("skipped") == 3


def test_remarks_on_songs_side_by_side_are_passed_on(folder, capsys):
    write_gain_model(folder / "four.onnx", 4.0, representation="ri")
    assert run("song.wav", "--model", "four.onnx", "-j", "3") == 0
    assert "samples were clipped" in capsys.readouterr().err


def test_a_process_that_dies_is_said_and_the_others_go_on(folder, capsys, monkeypatch):
    write_song(folder / "b.wav", 0.3)
    monkeypatch.setattr(worker, "serve", dies_over_songs)
    assert run("song.wav", "b.wav", "-j", "2", "--model", "half.onnx") == 1
    printed = capsys.readouterr().err
    assert printed.count("its process died") == 2
    assert "0 of 2 songs done." in printed


def dies_over_songs(link, *_):
    link.recv()
    os._exit(9)
