"""`acapella isolate`: what is written, and what is said."""

import io
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import soundfile
from tests.cli.commands import run, stems_in
from tests.made import tone, write_song
from tests.onnx_models import write_four_source_model, write_gain_model

from acapella.audio_files import read_audio


@pytest.mark.parametrize("words", [["song.wav"], ["isolate", "song.wav"]])
def test_a_song_becomes_two_stems_beside_it(folder, words, capsys):
    assert run(*words, "--model", "half.onnx") == 0
    assert stems_in(folder) == ["song_instrumental.wav", "song_vocal.wav"]
    total = sum(soundfile.read(name)[0] for name in stems_in(folder))
    np.testing.assert_allclose(total, soundfile.read("song.wav")[0], atol=1e-4)
    assert "song.wav → song_vocal.wav, song_instrumental.wav" in capsys.readouterr().err


def test_a_file_that_is_not_ours_is_not_overwritten(folder, capsys):
    write_song(folder / "song_vocal.wav", 0.1)
    true_stem = (folder / "song_vocal.wav").read_bytes()
    assert run("song.wav", "--model", "half.onnx") == 2
    printed = capsys.readouterr().err
    assert (
        "song_vocal.wav is there and was not made by Acapella: say --overwrite, or choose another -o or --name."
        in printed
    )
    assert (folder / "song_vocal.wav").read_bytes() == true_stem
    assert stems_in(folder) == ["song_vocal.wav"]
    for option in (["-o", "out"], ["--name", "{song} {stem}"], ["--overwrite"]):
        assert run("song.wav", "--model", "half.onnx", *option) == 0
    assert run("song.wav", "--model", "half.onnx") == 0, "now it is ours"
    assert (folder / "song_vocal.wav").read_bytes() != true_stem


def test_a_corpus_gives_its_mixtures(folder, capsys):
    (folder / "song.wav").unlink()
    for number in range(5):
        for part in ("all", "vocal", "instrumental"):
            write_song(folder / f"track{number}_{part}.wav", 0.1)
    assert run(".", "-r", "-o", "out", "--model", "half.onnx") == 0
    printed = capsys.readouterr().err
    assert "5 of 5 songs done." in printed
    assert "Left out, being stems: track0_instrumental.wav and 9 more." in printed


def test_options_may_come_first(folder):
    assert run("-o", "stems", "--model", "half.onnx", "song.wav") == 0
    assert stems_in(folder / "stems") == ["song_instrumental.wav", "song_vocal.wav"]


def test_names_after_two_dashes_are_files(folder, capsys):
    assert run("--", "--no-such-song.wav") == 1
    assert "--no-such-song.wav: cannot be read" in capsys.readouterr().err


def test_options_choose_folder_stems_format_and_depth(folder):
    options = ["-o", "new/stems", "--stems", "vocal", "--format", "flac", "--bit-depth", "24"]
    assert run("song.wav", "--model", "half.onnx", *options) == 0
    assert stems_in(folder / "new/stems") == ["song_vocal.flac"]
    assert soundfile.info("new/stems/song_vocal.flac").subtype == "PCM_24"


def test_a_bad_file_is_named_and_the_others_are_done(folder, capsys):
    (folder / "bad.wav").write_text("no audio")
    assert run("bad.wav", "song.wav", "nowhere.wav", "--model", "half.onnx") == 1
    assert stems_in(folder) == ["song_instrumental.wav", "song_vocal.wav"]
    printed = capsys.readouterr().err
    assert "Error: bad.wav" in printed
    assert "Error: nowhere.wav" in printed
    assert "1 of 3 songs done." in printed
    assert "Traceback" not in printed


def test_a_folder_is_searched_and_our_outputs_are_left_out(folder, capsys):
    (folder / "album").mkdir()
    write_song(folder / "album/b.flac", 0.2)
    for _ in range(2):
        assert run(".", "-r", "--model", "half.onnx") == 0
        assert "2 of 2 songs done." in capsys.readouterr().err
    assert run(".", "-r", "--model", "half.onnx", "--skip-existing") == 0
    assert capsys.readouterr().err.count("skipped") == 2


def test_outputs_in_a_folder_inside_are_left_out_as_well(folder, capsys):
    for _ in range(2):
        assert run(".", "-r", "-o", "stems", "--model", "half.onnx") == 0
    assert stems_in(folder / "stems") == ["song_instrumental.wav", "song_vocal.wav"]


def test_an_empty_folder_is_named_and_the_others_are_done(folder, capsys):
    (folder / "empty").mkdir()
    assert run("empty", "song.wav", "-r", "--model", "half.onnx") == 1
    assert "Error: empty holds no audio files." in capsys.readouterr().err
    assert stems_in(folder) == ["song_instrumental.wav", "song_vocal.wav"]


def test_a_song_that_the_format_cannot_hold_is_named_and_the_others_are_done(folder, capsys):
    soundfile.write(folder / "wide.wav", np.zeros((9000, 6)), 44100)
    assert run("wide.wav", "song.wav", "--format", "mp3", "--model", "half.onnx") == 1
    assert "Error: wide.wav: mp3 cannot hold 6 channels; use wav or flac." in capsys.readouterr().err
    assert stems_in(folder) == ["song_instrumental.mp3", "song_vocal.mp3"]


@pytest.mark.parametrize(("format", "rate", "held"), [("mp3", 96000, 48000), ("opus", 44100, 48000)])
def test_a_rate_that_the_format_cannot_hold_is_resampled_with_a_remark(folder, capsys, format, rate, held):
    soundfile.write(folder / "song.wav", tone(440, 0.5, rate, 2), rate)
    assert run("song.wav", "--format", format, "--model", "half.onnx") == 0
    remark = f"Warning: song.wav: {format} cannot hold {rate} Hz, so the stems have {held} Hz."
    assert remark in capsys.readouterr().err
    stem, stored = read_audio(folder / f"song_vocal.{format}")
    assert (stored, len(stem)) == (held, held // 2)
    np.testing.assert_allclose(stem[2400:-2400], tone(440, 0.5, held, 2)[2400:-2400] / 2, atol=0.02)


def test_brackets_in_names_are_only_brackets(folder, capsys):
    write_song(folder / "b [live] :smile:.wav", 0.1)
    assert run("b [live] :smile:.wav", "--model", "half.onnx") == 0
    assert "b [live] :smile:.wav → b [live] :smile:_vocal.wav" in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_named_pipes(folder):
    os.mkfifo(folder / "pipe.wav")
    content = (folder / "song.wav").read_bytes()
    writer = threading.Thread(target=lambda: (folder / "pipe.wav").write_bytes(content), daemon=True)
    writer.start()
    assert run("pipe.wav", "--model", "half.onnx") == 0
    assert stems_in(folder) == ["pipe_instrumental.wav", "pipe_vocal.wav"]


def test_quiet_says_nothing_wherever_it_stands(folder, capsys):
    assert run("song.wav", "--model", "half.onnx", "--quiet") == 0
    assert run("-q", "song.wav", "--model", "half.onnx") == 0
    assert capsys.readouterr() == ("", "")


def test_pictures_are_drawn(folder):
    assert run("song.wav", "--model", "half.onnx", "--pictures") == 0
    assert [path.name for path in folder.glob("*.png")] == ["song.png"]


def test_pipes(folder):
    command = [sys.executable, "-m", "acapella", "isolate", "-", "-o", "-", "--stems", "vocal", "--model", "half.onnx"]
    song = tone(440, 0.5, 44100, 2)
    soundfile.write("song.wav", song, 44100)
    piped = subprocess.run(command, input=(folder / "song.wav").read_bytes(), capture_output=True, check=True)
    assert piped.stderr == b""
    vocal, rate = soundfile.read(io.BytesIO(piped.stdout))
    assert (rate, vocal.shape) == (44100, (22050, 2))
    np.testing.assert_allclose(vocal, song / 2, atol=1e-3)


@pytest.mark.parametrize("format", ["flac", "mp3"])
def test_standard_output_takes_any_format(folder, format):
    command = [sys.executable, "-m", "acapella", "song.wav", "-o", "-", "--stems", "vocal", "--model", "half.onnx"]
    piped = subprocess.run([*command, "--format", format], capture_output=True, check=True)
    assert piped.stderr == b""
    assert soundfile.info(io.BytesIO(piped.stdout)).format == format.upper()
    assert read_audio(io.BytesIO(piped.stdout))[0].shape == soundfile.read("song.wav")[0].shape


def test_all_stems_of_a_model_and_those_it_has(folder):
    model = write_four_source_model(folder / "four.onnx")
    assert run("song.wav", "--model", model, "--stems", "all", "-o", "all") == 0
    names = sorted(path.name for path in (folder / "all").iterdir())
    stems = ("bass", "drums", "instrumental", "other", "vocal")
    assert names == [f"song_{stem}.wav" for stem in stems]
    assert run("song.wav", "--model", model, "--stems", "drums, bass", "-o", "two") == 0
    assert sorted(path.name for path in (folder / "two").iterdir()) == ["song_bass.wav", "song_drums.wav"]
    assert run("song.wav", "--model", model) == 0
    assert stems_in(folder) == ["song_instrumental.wav", "song_vocal.wav"]


def test_stems_of_other_models_are_no_songs(folder, capsys):
    model = write_four_source_model(folder / "four.onnx")
    assert run("song.wav", "--model", model, "--stems", "all") == 0
    assert run(".", "-r", "--model", "half.onnx") == 0
    assert "songs done" not in capsys.readouterr().err, "there is one song only"


def test_what_clips_is_a_warning_with_quiet_too(folder, capsys):
    write_gain_model(folder / "four.onnx", 4.0, representation="ri")
    assert run("song.wav", "--model", "four.onnx", "--stems", "vocal", "-q") == 0
    said = capsys.readouterr().err
    assert said.startswith("Warning: song_vocal.wav: ")
    assert said.endswith(" samples were clipped; --normalize or --bit-depth 32f (wav) keeps them.\n")
