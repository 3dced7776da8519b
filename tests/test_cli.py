import io
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import soundfile
from tests.made import tone, write_song
from tests.onnx_models import write_gain_model

from acapella import __version__, cli
from acapella.cli import side_by_side


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with a song and a model that gives half of it."""
    monkeypatch.chdir(tmp_path)
    write_song(tmp_path / "song.wav", 0.5)
    write_gain_model(tmp_path / "half.onnx", representation="ri")
    return tmp_path


def run(*words: object) -> int:
    """Exit code of the command."""
    with pytest.raises(SystemExit) as stop:
        cli.main([str(word) for word in words])
    return stop.value.code or 0


def stems_in(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if "_vocal" in path.name or "_instrumental" in path.name)


@pytest.mark.parametrize("words", [["song.wav"], ["isolate", "song.wav"]])
def test_a_song_becomes_two_stems_beside_it(folder, words, capsys):
    assert run(*words, "--model", "half.onnx") == 0
    assert stems_in(folder) == ["song_instrumental.wav", "song_vocal.wav"]
    total = sum(soundfile.read(name)[0] for name in stems_in(folder))
    np.testing.assert_allclose(total, soundfile.read("song.wav")[0], atol=1e-4)
    assert "song.wav → song_vocal.wav, song_instrumental.wav" in capsys.readouterr().err


def test_options_may_come_first(folder):
    assert run("-o", "stems", "--model", "half.onnx", "song.wav") == 0
    assert stems_in(folder / "stems") == ["song_instrumental.wav", "song_vocal.wav"]


def test_a_mistyped_command_is_said(folder, capsys):
    assert run("trian") == 2
    assert "trian is neither a command nor a file" in capsys.readouterr().err


def test_prepare_names_a_folder_that_is_not_there(folder, capsys):
    assert run("prepare", "mir1k", "nowhere", "corpus") == 1
    assert "nowhere is not a folder" in capsys.readouterr().err


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


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["song.wav", "--stems", "drums"], "--stems 'drums' is not made of: vocal, instrumental."),
        (["song.wav", "--format", "midi"], "format='midi' is not one of: wav, flac,"),
        (["song.wav", "--bit-depth", "8"], "--bit-depth='8' is not one of: 16, 24, 32f."),
        (["song.wav", "--format", "flac", "--bit-depth", "32f"], "flac cannot hold 32f samples; use wav."),
        (["song.wav", "--phase", "zero"], "phase='zero' is not one of: mixture, iterative."),
        (["."], "is a folder: add -r"),
        (["song.wav", "-o", "-"], "-o - writes one stem as wav"),
        (["song.wav", "half.onnx", "-o", "-", "--stems", "vocal"], "-o - takes one song."),
        (["song.wav", "song.wav"], "would both write"),
        (["song.wav", "./sub/../song.wav"], "would both write"),
        (["song.wav", "song_vocal.wav"], "song.wav would overwrite song_vocal.wav"),
        (["song.wav", "-o", "half.onnx"], "-o half.onnx is a file; name a folder."),
        (["song.wav", "-o", "-", "--stems", "vocal", "--pictures"], "-o - goes with neither"),
        (["-", "-j", "2"], "-j goes with files"),
        (["song.wav", "-j", "2", "--phase", "zero"], "phase='zero' is not one of: mixture, iterative."),
        (["song.wav", "-j", "0"], "Invalid value for '-j'"),
        (["song.wav", "--runtime", "abacus"], "--runtime='abacus' is not one of: auto, onnxruntime, openvino, cuda."),
        (["song.wav", "--runtime", "cuda"], "--runtime cuda needs ONNX Runtime's build for GPUs: pip uninstall"),
        (["song.wav", "--colour", "red"], "No such option"),
        (["isolate"], "Missing argument"),
    ],
)
def test_wrong_usage_ends_with_2_before_any_work(folder, words, message, capsys):
    assert run(*words, *(["--model", "half.onnx"] if len(words) > 1 or words == ["."] else [])) == 2
    assert message in capsys.readouterr().err
    assert stems_in(folder) == []


def test_an_unknown_model_ends_with_1(folder, capsys):
    assert run("song.wav", "--model", "nowhere.onnx") == 1
    assert "There is no model nowhere.onnx: give an .onnx file or one of: default." in capsys.readouterr().err


def test_a_folder_is_searched_and_our_outputs_are_left_out(folder, capsys):
    (folder / "album").mkdir()
    write_song(folder / "album/b.flac", 0.2)
    for _ in range(2):
        assert run(".", "-r", "--model", "half.onnx") == 0
        assert "2 of 2 songs done." in capsys.readouterr().err
    assert run(".", "-r", "--model", "half.onnx", "--skip-existing") == 0
    assert capsys.readouterr().err.count("skipped") == 2


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


@pytest.mark.filterwarnings("default")
def test_remarks_on_songs_side_by_side_are_passed_on(folder, capsys):
    write_gain_model(folder / "four.onnx", 4.0, representation="ri")
    assert run("song.wav", "--model", "four.onnx", "-j", "3") == 0
    assert "samples were clipped" in capsys.readouterr().err


def test_a_process_that_dies_is_said_and_the_others_go_on(folder, capsys, monkeypatch):
    write_song(folder / "b.wav", 0.3)
    monkeypatch.setattr(side_by_side, "_work", dies_over_songs)
    assert run("song.wav", "b.wav", "-j", "2", "--model", "half.onnx") == 1
    printed = capsys.readouterr().err
    assert printed.count("its process died") == 2
    assert "0 of 2 songs done." in printed


def dies_over_songs(link, *_):
    link.recv()
    os._exit(9)


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
    write_song(folder / "high.wav", 0.2, 96000)
    assert run("high.wav", "song.wav", "--format", "mp3", "--model", "half.onnx") == 1
    assert "Error: high.wav: mp3 cannot hold 96000 Hz; use wav or flac." in capsys.readouterr().err
    assert stems_in(folder) == ["song_instrumental.mp3", "song_vocal.mp3"]


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


def test_debug_shows_the_traceback(folder):
    with pytest.raises(Exception, match="nowhere"):
        cli.main(["--debug", "nowhere.wav", "--model", "half.onnx"])


def test_pictures_are_drawn(folder):
    assert run("song.wav", "--model", "half.onnx", "--pictures") == 0
    assert {path.name for path in folder.glob("*.png")} == {"song.png", "song_vocal.png", "song_instrumental.png"}


def test_pipes(folder):
    command = [sys.executable, "-m", "acapella", "isolate", "-", "-o", "-", "--stems", "vocal", "--model", "half.onnx"]
    song = tone(440, 0.5, 44100, 2)
    soundfile.write("song.wav", song, 44100)
    piped = subprocess.run(command, input=(folder / "song.wav").read_bytes(), capture_output=True, check=True)
    assert piped.stderr == b""
    vocal, rate = soundfile.read(io.BytesIO(piped.stdout))
    assert (rate, vocal.shape) == (44100, (22050, 2))
    np.testing.assert_allclose(vocal, song / 2, atol=1e-3)


@pytest.mark.parametrize("words", [["--help"], [], ["-h"]])
def test_help(words, capsys):
    assert run(*words) == 0
    printed = capsys.readouterr().out
    assert all(command in printed for command in ("isolate", "train", "export", "prepare", "models", "options"))


@pytest.mark.parametrize("command", ["isolate", "train", "export", "prepare", "models", "options"])
def test_help_of_commands_has_an_example(command, capsys):
    assert run(command, "--help") == 0
    assert "Example" in capsys.readouterr().out


def test_version(capsys):
    assert run("--version") == 0
    assert capsys.readouterr().out == f"acapella {__version__}\n"


def test_models_lists_the_default(capsys):
    assert run("models") == 0
    assert capsys.readouterr().out.startswith("default: ")


def test_options_prints_the_table(capsys):
    assert run("options") == 0
    assert "| CHOPNAME |" in capsys.readouterr().out


def test_wrong_settings_end_with_2(folder, monkeypatch, capsys):
    monkeypatch.setenv("CHOPNAME", "tyle")
    assert run("train") == 2
    assert "CHOPNAME='tyle' is not one of: tile, full," in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "module", "extra"),
    [
        (["train"], "acapella.experiments.training_run", "train"),
        (["export", "weights.h5"], "acapella.conversion.export", "train"),
        (["song.wav", "--model", "half.onnx", "--pictures"], "matplotlib.figure", "analysis"),
    ],
)
def test_what_is_not_installed_is_named(folder, monkeypatch, capsys, words, module, extra):
    monkeypatch.setitem(sys.modules, module, None)  # importing it fails as if it were not installed
    assert run(*words) == 2
    assert (
        f"needs packages that are not installed: pip install '.[{extra}]' in the checkout." in capsys.readouterr().err
    )
