"""From a file to files: parts of songs, gains, bit rates and names."""

import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.audio_files.sounds import RATE, music, write
from tests.audio_files.test_metadata import broadcast, cover
from tests.isolation.fakes import Gain, model_of
from tests.made import write_song

from acapella import Isolator
from acapella.audio_files import Metadata, open_audio, read_audio, read_metadata
from acapella.errors import AudioFileError, UsageError
from acapella.isolation.options import WriteOptions
from acapella.isolation.outputs import check_name, output_paths
from acapella.isolation.spool import Spool


@pytest.fixture
def isolator() -> Isolator:
    return Isolator(model_of(Gain(0.5), representation="ri", sample_rate=RATE))


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3", ".opus"])
@pytest.mark.parametrize(("start", "end"), [(0, 1), (0.7, 1.5), (1.25, None), (2.5, 100), (1, 1 + 1e-9)])
def test_a_part_is_what_the_whole_holds_there(tmp_path, isolator, suffix, start, end):
    song = tmp_path / f"song{suffix}"
    write(song, music(3 * RATE))
    whole, _ = read_audio(song)
    first = round(start * RATE)
    expected = whole[first : None if end is None else max(first + 1, round(end * RATE))]
    paths = isolator.isolate_file(song, tmp_path / "out", start=start, end=end, bit_depth="32f")
    stems = [read_audio(path)[0] for path in paths.values()]
    assert stems[0].shape == expected.shape
    np.testing.assert_allclose(sum(stems), expected, atol=1e-6)
    np.testing.assert_allclose(stems[0], expected / 2, atol=1e-4)


def test_progress_of_a_part_reaches_its_end(tmp_path, isolator):
    write_song(tmp_path / "song.wav", 2, RATE)
    calls = []
    isolator.isolate_file(
        tmp_path / "song.wav", start=0.5, end=1.5, progress=lambda done, total: calls.append((done, total))
    )
    assert calls[-1] == (RATE, RATE)


def test_stems_have_the_metadata_of_the_song(tmp_path, isolator):
    song = Metadata({"title": "A", "artist": "B", "album_artist": "C"}, cover(), broadcast(RATE), 0x33)
    write(tmp_path / "song.wav", music(RATE, 4), metadata=song)
    paths = isolator.isolate_file(tmp_path / "song.wav", tmp_path / "out", start=0.5)
    with open_audio(paths["vocal"]) as reader:
        assert reader.info.metadata == Metadata({"title": "A", "artist": "B"}, None, broadcast(RATE), 0x33).of_stem(
            "vocal", RATE // 2
        )
    write(tmp_path / "song.mp3", music(RATE), metadata=song)
    paths = isolator.isolate_file(tmp_path / "song.mp3", tmp_path / "out", format="flac")
    with open_audio(paths["instrumental"]) as reader:
        found = read_metadata(paths["instrumental"], reader.info)
    assert found == Metadata(song.tags, song.cover).of_stem("instrumental")


@pytest.mark.parametrize("suffix", [".wav", ".mp3"])
def test_a_part_behind_the_end_is_named_and_leaves_nothing(tmp_path, isolator, suffix):
    soundfile.write(tmp_path / f"song{suffix}", music(RATE), RATE)
    with pytest.raises(AudioFileError, match=rf"song\{suffix}: it ends before second 5"):
        isolator.isolate_file(tmp_path / f"song{suffix}", start=5)
    assert [path.name for path in tmp_path.iterdir()] == [f"song{suffix}"]


@pytest.mark.parametrize("part", [{"start": -1}, {"start": float("nan")}, {"start": 2, "end": 2}, {"end": 0}])
def test_times_that_are_no_part_are_refused(part):
    with pytest.raises(UsageError):
        WriteOptions(**part)


@pytest.mark.parametrize(("gain", "depth"), [(4.0, 16), (0.01, 16), (4.0, "32f")])
def test_normalize_is_one_gain_for_all_stems(tmp_path, gain, depth):
    audio = write_song(tmp_path / "song.wav", 3, RATE)
    isolator = Isolator(model_of(Gain(gain), representation="ri", sample_rate=RATE))
    outputs = {stem: tmp_path / f"{stem}.wav" for stem in ("vocal", "instrumental")}
    written = isolator.write_stems(tmp_path / "song.wav", outputs, WriteOptions(bit_depth=depth, normalize=True))
    stems = {stem: read_audio(path)[0] for stem, path in outputs.items()}
    assert not written.clipped
    assert max(np.abs(stem).max() for stem in stems.values()) == pytest.approx(0.999, abs=1e-4)
    loudest = np.abs(audio).max() * max(gain, abs(1 - gain))
    assert written.gain == pytest.approx(0.999 / loudest, rel=1e-3)
    np.testing.assert_allclose(sum(stems.values()), written.gain * audio, atol=1e-4)
    np.testing.assert_allclose(stems["vocal"], gain * written.gain * audio, atol=1e-3)


def test_normalize_leaves_silence(tmp_path, isolator):
    soundfile.write(tmp_path / "silence.wav", np.zeros((20_000, 2)), RATE)
    paths = isolator.isolate_file(tmp_path / "silence.wav", normalize=True)
    assert all(not read_audio(path)[0].any() for path in paths.values())


def test_a_failure_in_the_first_pass_leaves_nothing(tmp_path, isolator, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    write_song(tmp_path / "song.wav", 2, RATE)

    def stop(done, total):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        isolator.isolate_file(tmp_path / "song.wav", normalize=True, progress=stop)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["song.wav", "temporary"]
    assert not list((tmp_path / "temporary").iterdir())


def test_a_spool_is_read_by_several_at_once(rng):
    audio = rng.uniform(-1, 1, (200_000, 3)).astype(np.float32)
    with Spool(3) as spool:
        for start in range(0, len(audio), 7777):
            spool.append(audio[start : start + 7777])
        pairs = list(zip(spool.pieces(), spool.pieces(), strict=True))
    for reader in zip(*pairs, strict=True):
        np.testing.assert_array_equal(np.concatenate(reader), audio)


def test_names_are_made_of_the_fields():
    def paths(name, out_dir=None, stems=("vocal", "drums")):
        found = output_paths(Path("music/a.b.mp3"), out_dir, stems, "flac", name, "m+n")
        return [path.as_posix() for path in found.values()]

    assert paths("{song}_{stem}") == ["music/a.b_vocal.flac", "music/a.b_drums.flac"]
    assert paths("{stem}/{song} ({model})", "out") == ["out/vocal/a.b (m+n).flac", "out/drums/a.b (m+n).flac"]
    assert paths("{{{stem}}}") == ["music/{vocal}.flac", "music/{drums}.flac"]
    assert paths("{song}", stems=["vocal"]) == ["music/a.b.flac"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("{title}_{stem}", r"a field \{title\}, which is not one of: \{song\}, \{stem\}, \{model\}"),
        ("{stem.__class__}", "not one of"),
        ("{}_{stem}", "not one of"),
        ("{stem!r}", "more than a field in the brackets"),
        ("{stem:>9}", "more than a field in the brackets"),
        ("{stem", "cannot be read"),
        ("{song}", r"needs \{stem\}"),
        ("../{stem}", "leaves the folder"),
        ("{song}/../../{stem}", "leaves the folder"),
        ("/tmp/{stem}", "leaves the folder"),
        ("C:/{stem}", "leaves the folder"),
        ("..\\{stem}", "leaves the folder"),
        ("{stem}/", "names a folder"),
        ("{stem}/.", "names a folder"),
    ],
)
def test_names_that_cannot_be_are_refused(name, message):
    with pytest.raises(UsageError, match=message) as refused:
        check_name(name, ["vocal", "drums"])
    assert refused.value.argument == "name"


@pytest.mark.skipif(os.name != "posix", reason="this system has no such names")
@pytest.mark.parametrize("song", ["\\\\server", "C:song", "..\\..\\song", "a:b", " ", "\udcff"])
def test_a_song_may_have_any_name_of_this_system(song):
    (path,) = output_paths(Path(f"{song}.wav"), "out", ["vocal"], "wav").values()
    assert path == Path("out", f"{song}_vocal.wav")


def test_a_song_cannot_lead_out_of_the_folder():
    with pytest.raises(UsageError, match="leaves the folder"):
        output_paths(Path("...wav"), None, ["vocal"], "wav", "{song}/{stem}")


@pytest.mark.parametrize(
    ("format", "rate", "channels", "bitrate"),
    [
        *[("mp3", RATE, 2, bitrate) for bitrate in (64, 128, 320)],
        ("mp3", 22_050, 1, 64),
        ("mp3", 8000, 1, 32),
        *[("m4a", RATE, 2, bitrate) for bitrate in (64, 128, 256)],
        *[("opus", 48_000, 2, bitrate) for bitrate in (32, 96, 256)],
        *[("ogg", RATE, 2, bitrate) for bitrate in (96, 192, 320)],
        ("ogg", RATE, 1, 96),
    ],
)
def test_bitrate_is_what_the_file_takes_a_second(tmp_path, isolator, rng, format, rate, channels, bitrate):
    noise = rng.uniform(-0.3, 0.3, (4 * rate, channels))
    soundfile.write(tmp_path / "song.wav", noise, rate)
    paths = isolator.isolate_file(tmp_path / "song.wav", stems=["vocal"], format=format, bitrate=bitrate)
    path = paths["vocal"]
    measured = 8 * path.stat().st_size / 4 / 1000
    assert measured == pytest.approx(bitrate, rel=0.25 if format == "ogg" else 0.2)
    with open_audio(path) as reader:
        assert sum(len(block) for block in reader.blocks()) - 4 * rate == 0


def test_a_bitrate_that_the_encoder_refuses_names_the_file(tmp_path, isolator, rng):
    soundfile.write(tmp_path / "song.wav", rng.uniform(-0.3, 0.3, 48_000), 48_000)
    with pytest.raises(AudioFileError, match=r"song_vocal\.opus.*the encoder does not take 320 kbit/s for mono audio"):
        isolator.isolate_file(tmp_path / "song.wav", stems=["vocal"], format="opus", bitrate=320)
    assert [path.name for path in tmp_path.iterdir()] == ["song.wav"]
