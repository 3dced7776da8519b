"""wav in all its forms: files, streams, RF64."""

import io
import os
import struct
import threading
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from tests.audio_files.sounds import RATE, TAGS, music, write

from acapella.audio_files import (
    FORMATS,
    AudioWriter,
    BitDepth,
    Metadata,
    open_audio,
    read_audio,
    wav,
)
from acapella.audio_files.formats import Target
from acapella.errors import AudioFileError, UsageError


@pytest.mark.parametrize("depth", [16, 24, "32f"])
@pytest.mark.parametrize("expected", [None, 4001])
def test_wav_to_a_stream_can_be_read_by_others(depth: BitDepth, expected: int | None) -> None:
    read_end, write_end = os.pipe()
    received: list[bytes] = []
    with open(read_end, "rb") as source:  # noqa: PTH123 (a descriptor)
        thread = threading.Thread(target=lambda: received.append(source.read()))
        thread.start()
        with (
            open(write_end, "wb") as pipe,  # noqa: PTH123
            AudioWriter(pipe, RATE, 1, "wav", depth, Metadata(TAGS), expected) as writer,
        ):
            writer.write(music(4001, 1))
        thread.join()
    for result in (soundfile.read(io.BytesIO(received[0]))[0][:, None], read_audio(io.BytesIO(received[0]))[0]):
        np.testing.assert_allclose(result, music(4001, 1), atol=2**-15)
    with av.open(io.BytesIO(received[0])) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) == 4001
        assert container.metadata["title"] == TAGS["title"]
    size = struct.unpack("<I", received[0][4:8])[0]
    assert size == (0xFFFFFFFF if expected is None else len(received[0]) - 8)


def test_stream_that_gets_less_than_promised() -> None:
    with (
        pytest.raises(ValueError, match="expected_samples=10, but 9 came"),
        AudioWriter(io.BytesIO(), RATE, 1, expected_samples=10) as writer,
    ):
        writer.write(music(9, 1))


def test_only_wav_goes_to_a_stream() -> None:
    with pytest.raises(UsageError, match="takes wav only, not flac"):
        AudioWriter(io.BytesIO(), RATE, 2, "flac")


@pytest.mark.parametrize("expected", [None, 3001, 2990])
@pytest.mark.parametrize("depth", [16, 24])
def test_wav_file_ends_with_a_true_header(tmp_path: Path, expected: int | None, depth: BitDepth) -> None:
    path = tmp_path / "a.wav"
    write(path, music(3001, 1), bit_depth=depth, metadata=Metadata(TAGS), expected_samples=expected)
    content = path.read_bytes()
    assert struct.unpack("<I", content[4:8])[0] == len(content) - 8
    assert len(content) % 2 == 0
    assert (b"JUNK" in content[:64]) == (expected is None)
    assert soundfile.info(path).frames == 3001


@pytest.mark.parametrize("expected", [None, 5000])
def test_rf64_where_riff_is_too_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected: int | None) -> None:
    monkeypatch.setattr(wav, "RIFF_BYTES", 10000)
    audio = music(5000)
    write(tmp_path / "a.wav", audio, bit_depth="32f", metadata=Metadata(TAGS), expected_samples=expected)
    assert soundfile.info(tmp_path / "a.wav").format == "RF64"
    np.testing.assert_array_equal(read_audio(tmp_path / "a.wav")[0], audio)
    with av.open(str(tmp_path / "a.wav")) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) == 5000


def test_rf64_of_more_than_4_gib(tmp_path: Path) -> None:
    """A header for 8 GiB of silence, in a file with a hole."""
    samples = 2**31
    target = Target("", FORMATS["wav"], RATE, 2, 16, Metadata())
    header = wav.WavHeader(target, spare_room=False).encode(samples)
    path = tmp_path / "long.wav"
    path.write_bytes(header)
    os.truncate(path, len(header) + 4 * samples)
    with open_audio(path) as reader:
        assert reader.info.samples == samples
        assert not next(reader.blocks()).any()
    os.truncate(path, 4 * samples)
    os.truncate(path, len(header) + 4 * samples - 100)
    with pytest.raises(AudioFileError, match="cut short"):
        open_audio(path)


@pytest.mark.parametrize("size", [0, 0x7FFFF000, 0x7FFFFFFF, 0xFFFFFFFF])
def test_wav_that_somebody_piped_is_read_to_its_end(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.wav"
    write(path, music(5000), expected_samples=5000)
    content = bytearray(path.read_bytes())
    content[40:44] = struct.pack("<I", size)
    path.write_bytes(content)
    np.testing.assert_array_equal(
        read_audio(path)[0],
        soundfile.read(io.BytesIO(content[:40] + struct.pack("<I", 20000) + content[44:]), dtype="float32")[0],
    )
