"""A file appears whole or not at all, and formats refuse what they cannot hold."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.audio_files.sounds import RATE, music, write

from acapella.audio_files import (
    FORMATS,
    AudioWriter,
    BitDepth,
    check_format,
    read_audio,
)
from acapella.errors import AudioFileError, SettingsError, UsageError


@pytest.mark.parametrize("format", FORMATS)
def test_an_exception_leaves_nothing_behind(tmp_path: Path, format: str) -> None:
    def write_and_fail() -> None:
        with AudioWriter(tmp_path / f"a.{format}", RATE, 2, format) as writer:
            writer.write(music(5000))
            (unfinished,) = tmp_path.iterdir()
            assert unfinished.name.startswith(f".a.{format}.partial-")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_and_fail()
    assert not list(tmp_path.iterdir())


def test_an_exception_leaves_the_old_file(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", music(100))
    before = (tmp_path / "a.wav").read_bytes()
    with pytest.raises(KeyboardInterrupt), AudioWriter(tmp_path / "a.wav", RATE, 2):
        raise KeyboardInterrupt
    assert (tmp_path / "a.wav").read_bytes() == before
    write(tmp_path / "a.wav", music(200))
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]
    assert len(read_audio(tmp_path / "a.wav")[0]) == 200


@pytest.mark.parametrize("format", FORMATS)
def test_a_folder_is_made_where_it_can_be(tmp_path: Path, format: str) -> None:
    write(tmp_path / f"new/a.{format}", music(100))
    assert [path.name for path in (tmp_path / "new").iterdir()] == [f"a.{format}"]
    (tmp_path / "file").touch()
    with pytest.raises(AudioFileError, match=r"file/a\.\w+: cannot be written \((File exists|Not a directory)"):
        write(tmp_path / f"file/a.{format}", music(100))


def test_name_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.wav").mkdir()
    with pytest.raises(AudioFileError, match=r"cannot be written \(there is a folder of that name"):
        write(tmp_path / "a.wav", music(100))


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from acapella.audio_files import AudioWriter
path, limit = Path(sys.argv[1]), int(sys.argv[2])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
audio = np.random.default_rng(0).normal(0, 0.1, (30000, 2)).astype(np.float32)
for format in sys.argv[3:]:
    try:
        with AudioWriter(path / f"a.{format}", 48000, 2, format) as writer:
            writer.write(audio)
    except Exception as error:
        print(type(error).__name__, error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no limits of file size")
def test_full_disk(tmp_path: Path) -> None:
    """At the last bytes, too, which libsndfile writes on closing without telling of failure."""
    audio = np.random.default_rng(0).normal(0, 0.1, (30000, 2)).astype(np.float32)
    for format in ("flac", "ogg", "m4a", "wav"):
        write(tmp_path / f"a.{format}", audio)
        size = (tmp_path / f"a.{format}").stat().st_size
        (tmp_path / f"a.{format}").unlink()
        command = [sys.executable, "-c", FULL_DISK, str(tmp_path), str(size - 10), format]
        run = subprocess.run(command, capture_output=True, text=True, check=True)
        assert run.stdout == f"AudioFileError {tmp_path}/a.{format}: cannot be written (File too large).\n"
        assert run.stderr == ""
        assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("block", [np.zeros(10, np.float32), np.zeros((10, 1), np.float32)])
def test_blocks_of_the_wrong_shape(tmp_path: Path, block: np.ndarray) -> None:
    with (
        pytest.raises(ValueError, match=r"a block \(samples, 2\) is needed"),
        AudioWriter(tmp_path / "a.wav", RATE, 2) as writer,
    ):
        writer.write(block)


@pytest.mark.parametrize("format", FORMATS)
def test_what_a_format_claims_it_holds(tmp_path: Path, format: str) -> None:
    entry = FORMATS[format]
    rates = [
        rate for rate in (8000, 11025, 16000, 22050, 44100, 88200, 96000, 192000, 200000) if entry.holds_rate(rate)
    ]
    for rate in rates:
        path = tmp_path / f"a{rate}{entry.extension}"
        write(path, music(3000), rate=rate, format=format)
        audio, stored = read_audio(path)
        assert stored == (48000 if format == "opus" else rate)
        assert len(audio) >= 3000
    assert entry.extension == f".{format}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("mp3", 44100, 6, 16), "mp3 cannot hold 6 channels; use wav or flac."),
        (("mp3", 96000, 2, 16), "mp3 cannot hold 96000 Hz; use wav or flac."),
        (("opus", 44100, 2, 16), "opus cannot hold 44100 Hz; use wav or flac."),
        (("ogg", 384000, 2, 16), "ogg cannot hold 384000 Hz; use wav or flac."),
        (("flac", 655360, 2, 16), "flac cannot hold 655360 Hz; use wav or aiff."),
        (("flac", 44100, 9, 16), "flac cannot hold 9 channels; use wav or aiff."),
        (("flac", 44100, 2, "32f"), "flac cannot hold 32f samples; use wav."),
        (("m4a", 44100, 3, "32f"), "m4a cannot hold 3 channels; use wav."),
        (("wav", 44100, 2, 20), "wav cannot hold 20 bit; no format here can."),
    ],
)
def test_what_a_format_cannot_hold(tmp_path: Path, arguments: tuple[str, int, int, BitDepth], message: str) -> None:
    with pytest.raises(UsageError) as error:
        check_format(*arguments)
    assert str(error.value) == message
    format, rate, channels, depth = arguments
    with pytest.raises(UsageError):
        AudioWriter(tmp_path / "a", rate, channels, format, depth)
    assert not list(tmp_path.iterdir())


def test_unknown_format() -> None:
    with pytest.raises(SettingsError, match="format='wma' is not one of: wav, flac, aiff, mp3, ogg, opus, m4a"):
        check_format("wma", 44100, 2, 16)


def test_pyav_is_imported_only_when_needed(tmp_path: Path) -> None:
    write(tmp_path / "a.flac", music(100))
    code = """
import pathlib, sys
from acapella.audio_files import read_audio
read_audio(pathlib.Path(sys.argv[1]))
sys.exit("av" in sys.modules)
"""
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.flac")], check=True)
