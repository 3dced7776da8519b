"""Whatever FFmpeg or libsndfile knows is read, wherever its bytes come from."""

import io
import os
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from tests.audio_files.sounds import RATE, STEMS, TAGS, distance, encode, music, write

from acapella.audio_files import (
    FORMATS,
    Metadata,
    open_audio,
    read_audio,
)
from acapella.errors import AudioFileError


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
        assert reader.info.metadata.tags == TAGS
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


@pytest.mark.parametrize("format", FORMATS)
def test_pipes_and_streams_give_what_files_give(tmp_path: Path, format: str) -> None:
    path = tmp_path / f"a.{format}"
    write(path, music(20000), metadata=Metadata(TAGS))
    expected, _ = read_audio(path)
    np.testing.assert_array_equal(read_audio(io.BytesIO(path.read_bytes()))[0], expected)
    with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as cat:
        assert cat.stdout
        with open_audio(cat.stdout) as reader:
            assert reader.info.metadata.tags == TAGS
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
