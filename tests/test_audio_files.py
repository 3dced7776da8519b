"""Audio files: what is written comes back, what is broken is said to be broken, nothing is left half done."""

import io
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from acapella.audio_files import (
    FORMATS,
    AudioWriter,
    BitDepth,
    check_format,
    open_audio,
    read_audio,
    wav,
)
from acapella.audio_files.formats import Target
from acapella.errors import AudioFileError, SettingsError, UsageError

STEMS = Path(__file__).parents[2] / "shared/data/musdb7s/stem_mp4"
RATE = 48000  # every format holds it
TAGS = {"title": "Füße", "artist": "声"}


def music(samples: int, channels: int = 2, seed: int = 0) -> np.ndarray:
    """Three tones a channel, all different, well below full scale."""
    random = np.random.default_rng(seed)
    time = np.arange(samples)[:, None, None] / RATE
    frequencies = random.uniform(200, 3000, (channels, 3))
    return (0.2 * np.sin(2 * np.pi * frequencies * time).sum(axis=-1)).astype(np.float32)


def write(path: Path, audio: np.ndarray, rate: int = RATE, **options: object) -> AudioWriter:
    """Write all of `audio`, in a format that the name tells, in blocks of 10000 samples."""
    options.setdefault("format", path.suffix[1:])
    with AudioWriter(path, rate, audio.shape[1], **options) as writer:  # type: ignore[arg-type]
        for start in range(0, len(audio), 10000):
            writer.write(audio[start : start + 10000])
    return writer


def encode(path: Path, codec: str, *tracks: np.ndarray, layout: str = "stereo", **options: str) -> None:
    """Write `tracks` as audio streams of one container with FFmpeg."""
    with av.open(str(path), "w", options=options) as container:
        container.metadata.update(TAGS)
        streams = [container.add_stream(codec, rate=RATE, layout=layout) for _ in tracks]
        for stream, audio in zip(streams, tracks, strict=True):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(audio.reshape(1, -1)), "flt", layout)
            frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), 0
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))


def distance(result: np.ndarray, expected: np.ndarray) -> float:
    """Signal to noise ratio in dB over their common length."""
    length = min(len(result), len(expected))
    noise = result[:length] - expected[:length]
    return float(10 * np.log10(np.sum(expected[:length] ** 2) / np.sum(noise**2)))


# Writing and reading back


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
        assert (reader.info.frames, reader.info.channels) == (70001, channels)


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
@pytest.mark.parametrize("format", [name for name in FORMATS if name != "m4a"])
def test_number_of_samples_is_kept(tmp_path: Path, format: str, samples: int) -> None:
    write(tmp_path / f"a.{format}", music(samples))
    assert len(read_audio(tmp_path / f"a.{format}")[0]) == samples


@pytest.mark.parametrize("format", FORMATS)
def test_tags_are_written_and_read(tmp_path: Path, format: str) -> None:
    path = tmp_path / f"song.{format}"
    write(path, music(5000), tags={**TAGS, "album": "left out"})
    with open_audio(path) as reader:
        assert reader.info.tags == TAGS
    write(path, music(5000), tags={"title": " ", "artist": "A\0"})
    with open_audio(path) as reader:
        assert reader.info.tags == {"artist": "A"}


@pytest.mark.parametrize("frames", [1, 1000, 65536])
@pytest.mark.parametrize("format", ["wav", "ogg", "m4a"])
def test_blocks_have_the_size_asked_for(tmp_path: Path, format: str, frames: int) -> None:
    audio = music(3000 if frames == 1 else 70000)
    write(tmp_path / f"a.{format}", audio)
    whole, _ = read_audio(tmp_path / f"a.{format}")
    with open_audio(tmp_path / f"a.{format}") as reader:
        blocks = list(reader.blocks(frames))
    assert {len(block) for block in blocks[:-1]} <= {frames}
    np.testing.assert_array_equal(np.concatenate(blocks), whole)


# wav in all its forms


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
            AudioWriter(pipe, RATE, 1, "wav", depth, TAGS, expected) as writer,
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
        pytest.raises(ValueError, match="expected_frames=10, but 9 came"),
        AudioWriter(io.BytesIO(), RATE, 1, expected_frames=10) as writer,
    ):
        writer.write(music(9, 1))


def test_only_wav_goes_to_a_stream() -> None:
    with pytest.raises(UsageError, match="takes wav only, not flac"):
        AudioWriter(io.BytesIO(), RATE, 2, "flac")


@pytest.mark.parametrize("expected", [None, 3001, 2990])
@pytest.mark.parametrize("depth", [16, 24])
def test_wav_file_ends_with_a_true_header(tmp_path: Path, expected: int | None, depth: BitDepth) -> None:
    path = tmp_path / "a.wav"
    write(path, music(3001, 1), bit_depth=depth, tags=TAGS, expected_frames=expected)
    content = path.read_bytes()
    assert struct.unpack("<I", content[4:8])[0] == len(content) - 8
    assert len(content) % 2 == 0
    assert (b"JUNK" in content[:64]) == (expected is None)
    assert soundfile.info(path).frames == 3001


@pytest.mark.parametrize("expected", [None, 5000])
def test_rf64_where_riff_is_too_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected: int | None) -> None:
    monkeypatch.setattr(wav, "RIFF_BYTES", 10000)
    audio = music(5000)
    write(tmp_path / "a.wav", audio, bit_depth="32f", tags=TAGS, expected_frames=expected)
    assert soundfile.info(tmp_path / "a.wav").format == "RF64"
    np.testing.assert_array_equal(read_audio(tmp_path / "a.wav")[0], audio)
    with av.open(str(tmp_path / "a.wav")) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) == 5000


def test_rf64_of_more_than_4_gib(tmp_path: Path) -> None:
    """A header for 8 GiB of silence, in a file with a hole."""
    frames = 2**31
    target = Target("", FORMATS["wav"], RATE, 2, 16, {})
    header = wav.WavHeader(target, spare_room=False).encode(frames)
    path = tmp_path / "long.wav"
    path.write_bytes(header)
    os.truncate(path, len(header) + 4 * frames)
    with open_audio(path) as reader:
        assert reader.info.frames == frames
        assert not next(reader.blocks()).any()
    os.truncate(path, 4 * frames)
    os.truncate(path, len(header) + 4 * frames - 100)
    with pytest.raises(AudioFileError, match="cut short"):
        open_audio(path)


@pytest.mark.parametrize("size", [0, 0x7FFFF000, 0x7FFFFFFF, 0xFFFFFFFF])
def test_wav_that_somebody_piped_is_read_to_its_end(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.wav"
    write(path, music(5000), expected_frames=5000)
    content = bytearray(path.read_bytes())
    content[40:44] = struct.pack("<I", size)
    path.write_bytes(content)
    np.testing.assert_array_equal(
        read_audio(path)[0],
        soundfile.read(io.BytesIO(content[:40] + struct.pack("<I", 20000) + content[44:]), dtype="float32")[0],
    )


# What FFmpeg decodes


@pytest.mark.parametrize(
    ("name", "codec", "quality"),
    [
        ("a.mkv", "aac", 15),
        ("a.webm", "libopus", 15),
        ("a.mov", "alac", 90),
        ("a.mp4", "aac", 15),
        ("a.mka", "flac", 80),
    ],
)
def test_containers(tmp_path: Path, name: str, codec: str, quality: float) -> None:
    encode(tmp_path / name, codec, music(RATE))
    result, rate = read_audio(tmp_path / name)
    assert rate == RATE
    assert distance(result, music(RATE)) > quality
    with open_audio(tmp_path / name) as reader:
        assert reader.info.tags == TAGS
        assert (reader.info.subtype is None) == (codec in ("aac", "libopus"))


def test_streams_of_one_file(tmp_path: Path) -> None:
    tracks = [music(RATE, seed=seed) for seed in range(3)]
    encode(tmp_path / "stems.mkv", "aac", *tracks)
    for index, track in enumerate(tracks):
        assert distance(read_audio(tmp_path / "stems.mkv", index)[0], track) > 15
    with pytest.raises(AudioFileError, match=r"stems\.mkv: .*it has no audio stream 3, only 3"):
        open_audio(tmp_path / "stems.mkv", 3)


def test_wav_has_one_stream(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", music(100))
    with pytest.raises(AudioFileError, match="no audio stream 1, only 1"):
        open_audio(tmp_path / "a.wav", 1)


@pytest.mark.skipif(not STEMS.is_dir(), reason="../shared/data/musdb7s/stem_mp4 is not here")
def test_published_stem_files() -> None:
    paths = sorted(STEMS.glob("*.mp4"))
    assert paths
    for path in paths:
        mixture, *stems = [read_audio(path, index)[0] for index in range(5)]
        assert {stem.shape for stem in stems} == {mixture.shape}
        assert distance(np.sum(stems, axis=0), mixture) > 10


def test_video_gives_its_first_audio_stream(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "clip.mkv"), "w") as container:
        picture = container.add_stream("mjpeg", rate=1, width=16, height=16, pix_fmt="yuvj420p")
        sound = container.add_stream("pcm_s16le", rate=RATE, layout="mono")
        container.mux(picture.encode(av.VideoFrame(16, 16, "yuvj420p")))
        frame = av.AudioFrame.from_ndarray(np.full((1, 500), 16384, np.int16), "s16", "mono")
        frame.sample_rate = RATE
        container.mux(sound.encode(frame))
        container.mux(picture.encode(None))
    audio, _ = read_audio(tmp_path / "clip.mkv")
    np.testing.assert_array_equal(audio, np.full((500, 1), 0.5))


def test_video_without_audio(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "clip.mkv"), "w") as container:
        picture = container.add_stream("mjpeg", rate=1, width=16, height=16, pix_fmt="yuvj420p")
        container.mux(picture.encode(av.VideoFrame(16, 16, "yuvj420p")))
        container.mux(picture.encode(None))
    with pytest.raises(AudioFileError, match=r"clip\.mkv: cannot be decoded \(it has no audio stream\)\."):
        open_audio(tmp_path / "clip.mkv")


def test_eight_channels_that_lie_apart_in_memory(tmp_path: Path) -> None:
    audio = music(5000, 8)
    encode(tmp_path / "a.wv", "wavpack", audio, layout="7.1")
    np.testing.assert_allclose(read_audio(tmp_path / "a.wv")[0], audio, atol=2**-7)  # 8 bit


def test_more_than_eight_channels(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", music(100, 9))
    with pytest.raises(AudioFileError, match="it has 9 channels, and 8 are the most"):
        open_audio(tmp_path / "a.wav")


def test_mp3_without_length_is_read_to_its_end(tmp_path: Path) -> None:
    """libsndfile would guess the length from the first frames' bit rate, and be wrong."""
    audio = music(RATE)
    audio[: RATE // 2] = 0
    write(tmp_path / "a.mp3", audio)
    with (
        av.open(str(tmp_path / "a.mp3")) as source,
        av.open(str(tmp_path / "b.mp3"), "w", options={"write_xing": "0"}) as copy,
    ):
        stream = copy.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = stream
                copy.mux(packet)
    assert len(read_audio(tmp_path / "a.mp3")[0]) == RATE
    assert RATE <= len(read_audio(tmp_path / "b.mp3")[0]) < RATE + 3000


def test_what_is_appended_to_an_mp3_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    write(path, music(RATE))
    path.write_bytes(path.read_bytes() + bytes(1000))
    assert len(read_audio(path)[0]) == RATE


def test_links_of_an_ogg_chain_are_all_read(tmp_path: Path) -> None:
    path = tmp_path / "a.ogg"
    write(path, music(RATE))
    path.write_bytes(2 * path.read_bytes())
    assert len(read_audio(path)[0]) > 1.99 * RATE


def test_playlists_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "secret.wav", music(100))
    (tmp_path / "a.wav").write_text("ffconcat version 1.0\nfile secret.wav\n")
    (tmp_path / "b.m3u8").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsecret.wav\n#EXT-X-ENDLIST\n")
    for name in ("a.wav", "b.m3u8"):
        with pytest.raises(AudioFileError, match="no format that holds audio"):
            open_audio(tmp_path / name)


# Where bytes come from


@pytest.mark.parametrize("format", FORMATS)
def test_pipes_and_streams_give_what_files_give(tmp_path: Path, format: str) -> None:
    path = tmp_path / f"a.{format}"
    write(path, music(20000), tags=TAGS)
    expected, _ = read_audio(path)
    np.testing.assert_array_equal(read_audio(io.BytesIO(path.read_bytes()))[0], expected)
    with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as cat:
        assert cat.stdout
        with open_audio(cat.stdout) as reader:
            assert reader.info.tags == TAGS
            np.testing.assert_array_equal(np.concatenate(list(reader.blocks())), expected)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="file names are text there")
@pytest.mark.parametrize("format", FORMATS)
def test_names_that_are_no_text(tmp_path: Path, format: str) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9: 100%.") / f"a.{format}"
    path.parent.mkdir()
    write(path, music(5000), format=format)
    assert len(read_audio(path)[0]) >= 5000
    with pytest.raises(AudioFileError, match="caf\N{REPLACEMENT CHARACTER}: 100%"):
        read_audio(path.parent / "b.wav")


def test_long_names(tmp_path: Path) -> None:
    path = tmp_path / ("ä" * 120 + ".wav")
    write(path, music(100))
    assert path.exists()


# Files that cannot be read


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
        write(path, audio, expected_frames=len(audio))
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


# Files that cannot be written


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
def test_no_such_folder(tmp_path: Path, format: str) -> None:
    with pytest.raises(AudioFileError, match=r"cannot be written \(No such file"):
        write(tmp_path / f"nowhere/a.{format}", music(100))


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


# Which formats hold what


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
