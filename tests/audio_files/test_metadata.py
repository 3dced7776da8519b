"""Tags, cover pictures, places on the timeline and loudspeakers go from the song to its stems."""

import io
import json
import shutil
import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from tests.audio_files.sounds import RATE, music, write

from acapella.audio_files import FORMATS, Metadata, open_audio, read_audio, read_metadata

TAGS = {
    "title": "Füße",
    "artist": "声 and Björk",
    "album": "Été",
    "album_artist": "Various",
    "composer": "Łukasz",
    "track": "3/12",
    "disc": "1/2",
    "date": "1999",
    "genre": "Pop",
    "comment": "vocals, separated by Acapella",
}
LACKING = {"wav": {"album_artist", "composer", "disc"}}
PICTURES = set(FORMATS) - {"wav", "aiff"}
BEXT = (
    b"A take".ljust(256, b"\0") + b"Recorder".ljust(32, b"\0") + b"reference".ljust(32, b"\0") + b"2026-01-0212:13:14"
)


def cover(codec: str = "png") -> bytes:
    """A red square."""
    file = io.BytesIO()
    with av.open(file, "w", format="image2pipe") as container:
        stream = container.add_stream(codec, 1)
        stream.width = stream.height = 16
        stream.pix_fmt = {"png": "rgb24", "mjpeg": "yuvj420p"}[codec]
        red = np.zeros((16, 16, 3), np.uint8)
        red[..., 0] = 255
        container.mux(stream.encode(av.VideoFrame.from_ndarray(red)))
        container.mux(stream.encode(None))
    return file.getvalue()


def broadcast(time: int, version: int = 2) -> bytes:
    """The body of a `bext` chunk that begins `time` samples after midnight."""
    loudness = struct.pack("<5h", -2300, 500, -100, -1800, -2000)
    return BEXT + struct.pack("<QH", time, version) + b"U" * 64 + loudness + bytes(180) + b"A=PCM\r\n"


def probe(path: Path) -> dict:
    """What FFmpeg's own program says."""
    if not shutil.which("ffprobe"):
        pytest.skip("ffprobe is not installed")
    command = ["ffprobe", "-v", "error", "-print_format", "json", "-show_format", "-show_streams", str(path)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def media_info(path: Path) -> list[dict]:
    """What MediaInfo says: a dictionary for the file, one for its audio, one for its cover."""
    if not shutil.which("mediainfo"):
        pytest.skip("mediainfo is not installed")
    command = ["mediainfo", "--Output=JSON", str(path)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)["media"]["track"]


@pytest.mark.parametrize("codec", ["png", "mjpeg"])
@pytest.mark.parametrize("format", FORMATS)
def test_what_a_format_can_hold_comes_back(tmp_path: Path, format: str, codec: str) -> None:
    path = tmp_path / f"song.{format}"
    write(path, music(5000), metadata=Metadata(TAGS, cover(codec)))
    with open_audio(path) as reader:
        found = read_metadata(path, reader.info)
    assert found.tags == {key: text for key, text in TAGS.items() if key not in LACKING.get(format, ())}
    assert found.is_ours
    assert found.cover == (cover(codec) if format in PICTURES else None)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("format", FORMATS)
def test_samples_do_not_depend_on_metadata(tmp_path: Path, format: str) -> None:
    plain, tagged = tmp_path / f"plain.{format}", tmp_path / f"tagged.{format}"
    for path, metadata in ((plain, None), (tagged, Metadata(TAGS, cover()))):
        write(path, music(100_001), metadata=metadata)
    np.testing.assert_array_equal(read_audio(tagged)[0], read_audio(plain)[0])


def test_tags_that_say_nothing_and_pictures_that_are_none_are_left_out(tmp_path: Path) -> None:
    for format in FORMATS:
        path = tmp_path / f"song.{format}"
        write(path, music(5000), metadata=Metadata({"title": " ", "artist": "A\0", "lyrics": "la"}, b"no picture"))
        with open_audio(path) as reader:
            assert read_metadata(path, reader.info) == Metadata({"artist": "A"})


@pytest.mark.parametrize("format", sorted(PICTURES))
def test_ffprobe_reads_tags_and_cover(tmp_path: Path, format: str) -> None:
    path = tmp_path / f"song.{format}"
    write(path, music(RATE), metadata=Metadata(TAGS, cover()))
    found = probe(path)
    tags = found["format"].get("tags") or found["streams"][0]["tags"]
    assert {name: text for key, text in tags.items() if (name := key.lower()) in TAGS} == TAGS
    pictures = [stream for stream in found["streams"] if stream["disposition"]["attached_pic"]]
    assert [picture["codec_name"] for picture in pictures] == ["png"]


@pytest.mark.parametrize("format", FORMATS)
def test_mediainfo_reads_tags_and_cover(tmp_path: Path, format: str) -> None:
    path = tmp_path / f"song.{format}"
    write(path, music(RATE), metadata=Metadata(TAGS, cover()))
    general = media_info(path)[0]
    expected = {"Genre": TAGS["genre"], "Recorded_Date": TAGS["date"]}
    if format != "wav":  # whose INFO chunk names no encoding: MediaInfo takes it for Latin-1, FFmpeg for UTF-8
        expected |= {"Track": TAGS["title"], "Performer": TAGS["artist"], "Album": TAGS["album"]}
    assert expected.items() <= general.items()
    assert general.get("Cover") == ("Yes" if format in PICTURES else None)


def test_a_stem_says_so_and_lies_where_the_song_lies() -> None:
    song = Metadata({"title": "A", "comment": "bought"}, b"picture", broadcast(2**32 + 5), 0x3F)
    stem = song.of_stem("vocal", start=48000)
    assert stem.tags == {"title": "A (vocals)", "comment": "vocals, separated by Acapella"}
    assert (stem.cover, stem.channel_mask) == (song.cover, song.channel_mask)
    assert (song.is_ours, stem.is_ours, Metadata().of_stem("drums").is_ours) == (False, True, True)
    assert stem.broadcast is not None
    assert stem.broadcast[:338] == BEXT
    assert struct.unpack_from("<Q", stem.broadcast, 338) == (2**32 + 48005,)
    assert stem.broadcast[348:422] == bytes(64) + 5 * b"\xff\x7f", "of other audio, so unset"
    assert stem.broadcast[602:] == b"A=PCM\r\n"
    older = replace(song, broadcast=broadcast(5, version=1)).of_stem("vocal")
    assert older.broadcast is not None
    assert older.broadcast[348:602] == bytes(254)


@pytest.mark.parametrize("depth", [16, 24, "32f"])
@pytest.mark.parametrize(("channels", "mask"), [(2, None), (4, 0x33), (6, 0x3F), (6, 0x60F)])
@pytest.mark.parametrize("expected", [None, 5000])
def test_place_and_loudspeakers_of_wav_are_kept(tmp_path, depth, channels, mask, expected) -> None:
    path = tmp_path / "song.wav"
    metadata = Metadata({"title": "T"}, None, broadcast(123456789), mask)
    write(path, music(5000, channels), metadata=metadata, bit_depth=depth, expected_samples=expected)
    with open_audio(path) as reader:
        assert reader.info.metadata == metadata
        assert reader.info.samples == 5000
    np.testing.assert_allclose(read_audio(path)[0], music(5000, channels), atol=2**-15)
    with av.open(str(path)) as container:
        assert container.metadata["time_reference"] == "123456789"
        assert container.streams.audio[0].layout.nb_channels == channels


@pytest.mark.parametrize(
    ("mask", "layout", "positions"), [(0x3F, "5.1", "Back: L R"), (0x60F, "5.1(side)", "Side: L R")]
)
def test_other_programs_read_place_and_loudspeakers(tmp_path: Path, mask: int, layout: str, positions: str) -> None:
    path = tmp_path / "song.wav"
    write(path, music(RATE, 6), metadata=Metadata({}, None, broadcast(10 * RATE), mask))
    general, audio = media_info(path)
    assert (general["Format_Settings"], general["Producer"]) == ("WaveFormatExtensible", "Recorder")
    assert positions in audio["ChannelPositions"]
    assert float(audio["Delay"]) == 10
    found = probe(path)
    assert found["streams"][0]["channel_layout"] == layout
    assert found["format"]["tags"]["time_reference"] == str(10 * RATE)


def test_damaged_chunks_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "song.wav", music(100), metadata=Metadata({}, None, broadcast(1), 3))
    content = (tmp_path / "song.wav").read_bytes()
    start = content.index(b"bext")
    short = content[:start] + struct.pack("<4sI", b"bext", 10) + bytes(10) + content[start:].replace(b"bext", b"none")
    (tmp_path / "song.wav").write_bytes(short)
    with open_audio(tmp_path / "song.wav") as reader:
        assert reader.info.metadata == Metadata({}, None, None, 3)
