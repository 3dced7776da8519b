"""Damaged audio, the same in each run: it is decoded, or refused in a sentence that names the file."""

import io
import random
import struct

import av
import numpy as np
import pytest
import soundfile
from tests.audio_files.sounds import RATE, encode, music

from acapella.audio_files import open_audio, read_audio
from acapella.audio_files.streams import truehd_ends_early
from acapella.errors import AudioFileError

CASES = 40  # of each format
FORMATS = ["WAV", "AIFF", "AU", "FLAC", "OGG", "W64", "CAF", "NIST", "IRCAM", "MP3"]
CONTAINERS = {"m4a": "aac", "mkv": "aac", "webm": "libopus", "mpg": "mp2", "ts": "mp2", "avi": "mp2", "flv": "aac"}
CONTAINERS |= {"nut": "pcm_s16le", "ac3": "ac3", "eac3": "eac3"}
NUMBERS = [0, 1, 2, 8, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]


def mutated(content: bytes, rng: random.Random) -> bytes:
    data = bytearray(content)
    place = rng.randrange(min(len(data), 256)) if rng.random() < 0.6 else rng.randrange(len(data))
    match rng.randrange(5):
        case 0:
            return bytes(data[:place])
        case 1:
            data[place] ^= 1 << rng.randrange(8)
        case 2:
            data[place : place + 4] = struct.pack(rng.choice("<>") + "I", rng.choice(NUMBERS))
        case 3:
            del data[place : place + rng.choice((1, 8, 1000))]
        case 4:
            data[place:place] = rng.randbytes(rng.choice((1, 4, 5000)))
    return bytes(data)


@pytest.mark.parametrize("kind", [*FORMATS, *CONTAINERS])
def test_damaged_audio_is_decoded_or_refused(tmp_path, kind):
    path = tmp_path / f"song.{kind.lower()}"
    if kind in FORMATS:
        soundfile.write(path, music(4800), RATE, format=kind)
    else:
        encode(path, CONTAINERS[kind], music(9600))
    content, rng = path.read_bytes(), random.Random(kind)
    for _ in range(CASES):
        path.write_bytes(mutated(content, rng))
        try:
            with open_audio(path) as reader:
                for block in reader.blocks():
                    assert np.isfinite(block).all()
        except AudioFileError as error:
            assert str(error).startswith(f"{path}: cannot be ")  # noqa: PT017
            assert str(error).endswith(").")  # noqa: PT017


@pytest.mark.parametrize("cut", [3, 2501])
@pytest.mark.parametrize("kind", ["AU", "NIST", "AIFF", "IRCAM", *CONTAINERS])
def test_what_is_cut_is_said_to_be_cut(tmp_path, kind, cut):
    path = tmp_path / f"song.{kind.lower()}"
    if kind.isupper():
        soundfile.write(path, music(9600), RATE, format=kind)
    else:
        encode(path, CONTAINERS[kind], music(48000))
    assert len(read_audio(path)[0])
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(AudioFileError, match="cut short"):
        read_audio(path)


def test_truehd_that_ends_within_an_access_unit():
    first, other = (
        b"\xc0\x14\0\0\xf8\x72\x6f\xba",
        b"\xa0\x14\0\0\x12\x34\x56\x78",
    )  # of 20 words, with and without sync
    whole = b"".join(start + bytes(32) for start in [other, first, other, other, other] * 2)
    assert not truehd_ends_early(io.BytesIO(whole), len(whole))
    for cut in (1, 35, 39, 41, 70):
        assert truehd_ends_early(io.BytesIO(whole[:-cut]), len(whole) - cut)
    assert not truehd_ends_early(io.BytesIO(whole[:-40]), len(whole) - 40), "between two units"


@pytest.mark.parametrize("kind", ["avi", "flv"])
def test_what_came_through_a_pipe_has_no_lengths(tmp_path, kind):
    class Pipe(io.BytesIO):
        def seekable(self):
            return False

    pipe = Pipe()
    with av.open(pipe, "w", format=kind) as container:
        stream = container.add_stream("mp2" if kind == "avi" else "aac", rate=RATE, layout="stereo")
        frame = av.AudioFrame.from_ndarray(music(4800).reshape(1, -1), "flt", "stereo")
        frame.sample_rate = RATE
        container.mux([*stream.encode(frame), *stream.encode(None)])
    (tmp_path / "a").write_bytes(pipe.getvalue())
    assert len(read_audio(tmp_path / "a")[0]) >= 4800


def test_samples_that_are_too_loud_to_compute_with(tmp_path):
    audio = music(5000)
    audio[40] = 3e38
    soundfile.write(tmp_path / "a.wav", audio, RATE, subtype="FLOAT")
    with pytest.raises(AudioFileError, match=r"a\.wav: .*samples of 3e\+38, and full scale is 1"):
        read_audio(tmp_path / "a.wav")
