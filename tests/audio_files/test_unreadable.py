"""What is broken is said to be broken."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.audio_files.sounds import RATE, encode, music, write

from acapella.audio_files import (
    FORMATS,
    open_audio,
    read_audio,
)
from acapella.errors import AudioFileError


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match=r"song\.wav: cannot be read \(No such file or directory\)\.$"):
        open_audio(tmp_path / "song.wav")


def test_folder(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="cannot be read"):
        open_audio(tmp_path)


def test_empty_file(tmp_path: Path) -> None:
    (tmp_path / "song.wav").touch()
    with pytest.raises(AudioFileError, match=r"song\.wav: cannot be read \(it is empty\)\.$"):
        open_audio(tmp_path / "song.wav")


@pytest.mark.parametrize("name", ["a.wav", "a.raw", "a.mp3", "a.m4a", "a.flac"])
@pytest.mark.parametrize("content", [b"Dear diary,\n" * 100, bytes(5000), b"RIFF", b"OggS", b"fLaC" + bytes(100)])
def test_what_is_no_audio(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(AudioFileError, match=rf"{name}: cannot be decoded \([^()]+\)\.$"):
        open_audio(tmp_path / name)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is unreadable here")
def test_unreadable_file(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", music(100))
    (tmp_path / "a.wav").chmod(0)
    with pytest.raises(AudioFileError, match="Permission denied"):
        open_audio(tmp_path / "a.wav")


@pytest.mark.parametrize("format", FORMATS)
def test_no_samples(tmp_path: Path, format: str) -> None:
    write(tmp_path / f"a.{format}", music(0))
    with pytest.raises(AudioFileError, match=r"contains no audio|is empty|Invalid data"):
        open_audio(tmp_path / f"a.{format}")


def test_wav_without_samples(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", music(0))
    with pytest.raises(AudioFileError, match=r"a\.wav: cannot be decoded \(it contains no audio\)\.$"):
        open_audio(tmp_path / "a.wav")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers(tmp_path: Path, value: float) -> None:
    audio = music(5000)
    audio[4000, 1] = value
    soundfile.write(tmp_path / "a.wav", audio, RATE, subtype="FLOAT")
    with pytest.raises(AudioFileError, match=r"a\.wav: .*NaN or infinity"):
        read_audio(tmp_path / "a.wav")
    with pytest.raises(AudioFileError, match="NaN or infinity"):
        write(tmp_path / "b.wav", audio)
    assert not (tmp_path / "b.wav").exists()


def cut(content: bytes) -> bytes:
    return content[: len(content) * 6 // 10]


def cut_a_little(content: bytes) -> bytes:
    return content[:-5000]


def overwrite(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + np.random.default_rng(0).bytes(4000) + content[middle + 4000 :]


KINDS = ["wav", "flac", "aiff", "mp3", "ogg", "opus", "m4a", "mp4", "mkv", "webm", "aac"]
DAMAGES = [
    (kind, damage)
    for kind in KINDS
    for damage in (cut, cut_a_little, overwrite)
    if damage is not overwrite or kind not in ("wav", "aiff")  # which have no checksums
]


@pytest.mark.parametrize(("kind", "damage"), DAMAGES)
def test_damaged_files_are_never_taken_for_complete(
    tmp_path: Path, kind: str, damage: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / f"song.{kind}"
    audio = music(2 * RATE) + np.random.default_rng(0).normal(0, 0.05, (2 * RATE, 2)).astype(np.float32)
    if kind in FORMATS:
        write(path, audio, expected_samples=len(audio))
    else:
        codec = "libopus" if kind == "webm" else "aac"
        encode(path, codec, audio, **({"movflags": "faststart"} if kind == "mp4" else {}))
    assert len(read_audio(path)[0]) >= len(audio)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(AudioFileError, match=rf"song\.{kind}: cannot be decoded \(.+\)\.$"):
        read_audio(path)


def test_sample_rate_that_changes_midway(tmp_path: Path) -> None:
    write(tmp_path / "a.mp3", music(20000, 1))
    write(tmp_path / "b.mp3", music(20000, 1), rate=32000)
    (tmp_path / "both.mp3").write_bytes((tmp_path / "a.mp3").read_bytes() + (tmp_path / "b.mp3").read_bytes())
    with pytest.raises(AudioFileError, match="cannot be decoded"):
        read_audio(tmp_path / "both.mp3")
