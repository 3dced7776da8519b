"""Devices, pipes, links to themselves, files that change, and a model that hears nothing."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from tests.cli.commands import run, stems_in
from tests.cli.conftest import folder  # noqa: F401
from tests.made import write_song
from tests.onnx_models import write_gain_model

from acapella import Isolator
from acapella.audio_files import AudioWriter
from acapella.errors import AudioFileError
from acapella.isolation.files import Excerpt
from acapella.storage import pipes

pytestmark = pytest.mark.skipif(os.name != "posix", reason="this system has no such files")


@pytest.mark.parametrize("name", ["/dev/zero", "loop.wav", "pipe.wav", "x" * 300 + ".wav", "/proc/kmsg"])
def test_what_cannot_be_read_keeps_no_other_song_from_it(folder, capsys, name):  # noqa: F811
    os.mkfifo("pipe.wav")
    (folder / "loop.wav").symlink_to("loop.wav")
    assert run(name, "song.wav", "-o", "out", "--model", "half.onnx", "--pipe-timeout", "0.1") == 1
    assert f"Error: {name}: cannot be read (" in capsys.readouterr().err
    assert len(stems_in(folder / "out")) == 2


def test_a_pipe_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr(pipes, "LARGEST", 1 << 20)
    os.mkfifo(tmp_path / "a.wav")
    writer = threading.Thread(target=lambda: os.system(f"head -c 3000000 /dev/zero > {tmp_path}/a.wav"))
    writer.start()
    with (
        pytest.raises(AudioFileError, match=r"a\.wav: cannot be read \(it gives more than"),
        (tmp_path / "b").open("wb") as target,
    ):
        pipes.copy_pipe(tmp_path / "a.wav", target, str(tmp_path / "a.wav"))
    writer.join()


def _grow(song):
    with song.open("ab") as file:
        file.write(bytes(100))


def _replace(song):
    write_song(song.with_name("other.wav"), 0.1)
    song.with_name("other.wav").replace(song)


@pytest.mark.parametrize("harm", [_grow, _replace, Path.unlink])
def test_a_file_that_changes_while_it_is_read(tmp_path, harm):
    song = tmp_path / "song.wav"
    write_song(song, 5)
    pieces = Excerpt.open(song, 0, None).pieces()
    next(pieces)
    harm(song)
    with pytest.raises(AudioFileError, match=r"song\.wav: it has changed while it was read; try again\.$"):
        list(pieces)


def test_a_folder_that_disappears_while_it_is_written_to(tmp_path):
    def write_and_remove():
        with AudioWriter(tmp_path / "out/a.wav", 44100, 2) as writer:
            writer.write(np.zeros((1000, 2), np.float32))
            shutil.rmtree(tmp_path / "out")

    with pytest.raises(AudioFileError, match=r"out/a\.wav: cannot be written \(No such file or directory\)\.$"):
        write_and_remove()
    assert not list(tmp_path.iterdir())


def test_a_silent_stem_is_remarked_on(folder, capsys):  # noqa: F811
    write_gain_model(folder / "none.onnx", 0.0, representation="ri")
    assert run("song.wav", "--model", "none.onnx") == 0
    assert "Warning: song_vocal.wav is silent: the model hears no vocal in this song.\n" in capsys.readouterr().err


def test_nothing_appears_in_the_home_folder(folder):  # noqa: F811
    (folder / "home").mkdir()
    environment = {**os.environ, "HOME": str(folder / "home")}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    words = [sys.executable, "-m", "acapella", "song.wav", "--model", "half.onnx"]
    subprocess.run(words, env=environment, check=True, capture_output=True)
    assert not list((folder / "home").iterdir())
    assert len(stems_in(folder)) == 2


def test_low_rates_that_would_be_hours(tmp_path):
    import soundfile

    soundfile.write(tmp_path / "a.wav", np.zeros(22050), 8)
    with pytest.raises(AudioFileError, match=r"a\.wav: its sample rate is 8 Hz"):
        Isolator.load(write_gain_model(tmp_path / "m.onnx") or tmp_path / "m.onnx").isolate_file(tmp_path / "a.wav")
