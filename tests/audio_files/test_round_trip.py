"""What is written comes back."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.audio_files.sounds import RATE, distance, music, write

from acapella.audio_files import (
    FORMATS,
    BitDepth,
    open_audio,
    read_audio,
)


@pytest.mark.parametrize(
    ("format", "depth"), [("wav", 16), ("wav", 24), ("flac", 16), ("flac", 24), ("aiff", 16), ("aiff", 24)]
)
@pytest.mark.parametrize("channels", [1, 2, 6, 8])
def test_integers_come_back_bit_for_bit(tmp_path: Path, format: str, depth: BitDepth, channels: int) -> None:
    bits = int(depth)
    random = np.random.default_rng(0)
    whole = random.integers(-(2 ** (bits - 1)), 2 ** (bits - 1), (70001, channels))
    whole[0], whole[1] = 2 ** (bits - 1) - 1, -(2 ** (bits - 1))
    audio = (whole / 2 ** (bits - 1)).astype(np.float32)
    path = tmp_path / f"song.{format}"
    writer = write(path, audio, bit_depth=depth)
    stored, rate = soundfile.read(path, dtype="int32", always_2d=True)
    np.testing.assert_array_equal(stored >> (32 - bits), whole)
    result, _ = read_audio(path)
    np.testing.assert_array_equal(result, audio)
    assert (rate, writer.clipped, result.dtype) == (RATE, 0, np.float32)
    with open_audio(path) as reader:
        assert reader.info.subtype == f"PCM_{depth}"
        assert (reader.info.samples, reader.info.channels) == (70001, channels)


def test_every_16_bit_value_survives(tmp_path: Path) -> None:
    values = np.arange(-32768, 32768, dtype=np.int16)
    soundfile.write(tmp_path / "in.wav", values, 44100)
    audio, _ = read_audio(tmp_path / "in.wav")
    write(tmp_path / "out.wav", audio)
    stored, _ = soundfile.read(tmp_path / "out.wav", dtype="int16")
    np.testing.assert_array_equal(stored, values)


@pytest.mark.parametrize("format", ["wav", "flac", "aiff"])
def test_rounds_to_nearest(tmp_path: Path, format: str) -> None:
    steps = np.array([0.4, 0.6, 1.4, 1.6, -0.4, -0.6, -1.4, -1.6], np.float32)
    write(tmp_path / f"a.{format}", steps[:, None] / 32768)
    stored, _ = soundfile.read(tmp_path / f"a.{format}", dtype="int16")
    assert stored.tolist() == [0, 1, 1, 2, 0, -1, -1, -2]


@pytest.mark.parametrize("format", FORMATS)
def test_clips_and_counts_and_never_wraps(tmp_path: Path, format: str) -> None:
    audio = music(RATE)
    audio[1000:1010] = 1.5
    audio[2000:2005, 1] = -1.001
    writer = write(tmp_path / f"a.{format}", audio)
    assert writer.clipped == 25
    result, _ = read_audio(tmp_path / f"a.{format}")
    if not FORMATS[format].lossy:
        np.testing.assert_array_equal(result[1000:1010], 32767 / 32768)
        np.testing.assert_array_equal(result[2000:2005, 1], -1)


def test_floats_are_kept_as_they_are(tmp_path: Path) -> None:
    audio = 3 * music(5000)
    writer = write(tmp_path / "a.wav", audio, bit_depth="32f")
    result, _ = read_audio(tmp_path / "a.wav")
    np.testing.assert_array_equal(result, audio)
    with open_audio(tmp_path / "a.wav") as reader:
        assert reader.info.subtype == "FLOAT"
    assert writer.clipped == 0


@pytest.mark.parametrize("format", [name for name, format in FORMATS.items() if format.lossy])
@pytest.mark.parametrize("channels", [1, 2])
def test_lossy_formats_come_back_alike_and_in_place(tmp_path: Path, format: str, channels: int) -> None:
    audio = music(RATE, channels)
    path = tmp_path / f"song.{format}"
    write(path, audio)
    result, rate = read_audio(path)
    assert rate == RATE
    assert 0 <= len(result) - len(audio) < 2048  # AAC pads its last frame
    assert distance(result, audio) > 12
    shifted = [distance(np.roll(result, shift, axis=0), audio) for shift in (-1, 0, 1)]
    assert shifted[1] == max(shifted)
    with open_audio(path) as reader:
        assert reader.info.subtype is None
        assert reader.info.seconds == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("samples", [1, 100, 1000, 20000, 100001])
@pytest.mark.parametrize("format", FORMATS)
def test_number_of_samples_is_kept(tmp_path: Path, format: str, samples: int) -> None:
    write(tmp_path / f"a.{format}", music(samples))
    assert len(read_audio(tmp_path / f"a.{format}")[0]) == samples


@pytest.mark.parametrize("samples", [1, 1000, 65536])
@pytest.mark.parametrize("format", ["wav", "ogg", "m4a"])
def test_blocks_have_the_size_asked_for(tmp_path: Path, format: str, samples: int) -> None:
    audio = music(3000 if samples == 1 else 70000)
    write(tmp_path / f"a.{format}", audio)
    whole, _ = read_audio(tmp_path / f"a.{format}")
    with open_audio(tmp_path / f"a.{format}") as reader:
        blocks = list(reader.blocks(samples))
    assert {len(block) for block in blocks[:-1]} <= {samples}
    np.testing.assert_array_equal(np.concatenate(blocks), whole)
