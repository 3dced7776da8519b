"""Several songs at a time: `-j`."""

import json
import os
import re
import sys
from pathlib import Path

from tests.cli.commands import run, stems_in
from tests.made import write_song
from tests.onnx_models import write_gain_model

from acapella.cli import batch
from acapella.cli.batch import BatchReport
from acapella.cli.console import make_console
from acapella.errors import InputError
from acapella.jobs import worker
from acapella.jobs.events import Done, Failed, Started
from acapella.jobs.job import Job, Result


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


def test_a_manifest_says_what_is_done_and_the_next_run_goes_on(folder, capsys):
    (folder / "bad.wav").write_text("no audio")
    words = ("song.wav", "bad.wav", "--model", "half.onnx", "--manifest", "songs.jsonl")
    assert run(*words) == 1
    (folder / "song_vocal.wav").unlink()
    write_song(folder / "bad.wav", 0.3)
    capsys.readouterr()
    assert run(*words) == 0
    printed = capsys.readouterr().err
    assert "1 songs skipped: the manifest says that they are done." in printed
    assert "2 of 2 songs done." in printed
    assert stems_in(folder) == ["bad_instrumental.wav", "bad_vocal.wav", "song_instrumental.wav"]
    errors = [json.loads(line)["error"] for line in (folder / "songs.jsonl").read_text().splitlines()]
    assert [bool(error) for error in errors] == [False, True, False]


def test_without_the_extra_a_cluster_is_one_sentence(folder, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "acapella.jobs.ray", raising=False)
    assert run("song.wav", "--model", "half.onnx", "--cluster", "local") == 2
    message = "A cluster needs packages that are not installed: pip install '.[cluster]' in the checkout."
    assert capsys.readouterr().err == f"Error: {message}\n"


def test_a_batch_says_how_fast_it_goes_and_what_failed(capsys, monkeypatch):
    monkeypatch.setattr(batch, "LINE_EVERY", 0)
    jobs = [Job(Path(f"{name}.wav"), {"vocal": Path("v.wav")}) for name in "abc"]
    with BatchReport(make_console(quiet=False), 200, debug=False) as report:
        report(Started(jobs[0]))
        report(Failed(jobs[0], InputError("a.wav: is no song.")))
        report(Done(jobs[1], Result({}, 1.0, 2.0, {}, ("b.wav: normalize would help.",))))
    said = capsys.readouterr().err.splitlines()
    assert report.done == 1
    assert said[0] == "Error: a.wav: is no song."
    assert "Warning: b.wav: --normalize would help." in said
    assert re.fullmatch(r"2 of 200 songs, \d+ songs/min, .* left", said[-1])


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
