from pathlib import Path

import numpy as np
from tests.audio_files.sounds import RATE, distance, encode, music
from tests.corpus.sources import assert_is, failure, prepare, put, read, stems
from tests.made import tone

from acapella.audio_files import read_audio
from acapella.audio_files.resampling import resample
from acapella.corpus.importers import find_songs, write_song
from acapella.corpus.tracks import find_tracks, split_tracks
from acapella.errors import AudioFileError
from acapella.settings import Settings

MUSDB18 = ("mixture", "drums", "bass", "other", "vocals")


def test_musdb18_streams_keep_their_order_and_split(source):
    (source / "test").mkdir()
    audio = dict(zip(MUSDB18, [music(RATE, seed=seed) for seed in range(5)], strict=True))
    encode(source / "test/A - B.stem.mp4", "aac", *audio.values())
    track = prepare("musdb18", source)["test/A - B"]
    assert distance(track["vocal"], audio["vocals"]) > 15
    assert distance(track["instrumental"], audio["drums"] + audio["bass"] + audio["other"]) > 15
    np.testing.assert_array_equal(track["all"], track["vocal"] + track["instrumental"])


def test_musdb18_hq_sums_its_files(source):
    audio = stems(MUSDB18)
    for split in ("train", "test"):
        for name, samples in audio.items():
            put(source / split / f"Song of {split}" / f"{name}.wav", samples)
    corpus = prepare("musdb18", source)
    assert list(corpus) == ["test/Song of test", "train/Song of train"]
    for track in corpus.values():
        assert_is(track, audio["vocals"], audio["drums"] + audio["bass"] + audio["other"])


def test_the_split_of_musdb18_is_kept_when_only_one_folder_is_named(source, monkeypatch):
    for name, samples in stems(MUSDB18).items():
        put(source / "test/A" / f"{name}.wav", samples)
    monkeypatch.chdir(source / "test")
    for named in (source / "test", Path(), source / "test/A"):
        assert [song.name for song in find_songs("musdb18", named, source.parent / "corpus")] == ["test/A"]


def test_the_test_folder_is_not_trained_on(source):
    for split in ("train", "test"):
        for name, samples in stems(MUSDB18).items():
            put(source / split / f"{split}ed" / f"{name}.wav", samples)
    prepare("musdb18", source)
    settings = Settings(test_tracks="test/", validation_tracks="")
    tracks, _ = find_tracks(source.parent / "corpus")
    split = split_tracks(tracks, settings.split, settings.validation_tracks, settings.test_tracks)
    assert [track.name for track in split.train] == ["train/trained"]
    assert [track.name for track in split.test] == ["test/tested"]


def test_musdb18_songs_that_lack_a_stem(source):
    put(source / "train/A/mixture.wav", tone(100, 0.1, 8000, 2))
    put(source / "train/A/bass.wav", tone(100, 0.1, 8000, 2))
    assert "train/A lacks vocals.wav, drums.wav, other.wav" in str(failure("musdb18", source))


def test_a_stem_file_of_fewer_streams(source):
    encode(source / "A.stem.mp4", "aac", *[music(RATE, seed=seed) for seed in range(3)])
    error = failure("musdb18", source)
    assert isinstance(error, AudioFileError)
    assert "A.stem.mp4: cannot be decoded (it has no audio stream 4, only 3)" in str(error)


def test_published_stem_files(data, tmp_path):
    """The stems sum to the published mixture, and are those of a copy that names them."""
    songs = find_songs("musdb18", data / "musdb7s/stem_mp4", tmp_path)
    assert len(songs) == 3
    for song in songs:
        write_song(song, tmp_path)
        assert distance(read(tmp_path / f"{song.name}_all.wav"), read_audio(song.source, 0)[0]) > 25
        for part, copy in (("vocal", "vocals"), ("instrumental", "accompaniment")):
            audio, rate = read_audio(data / "musdb7s/train" / song.name / f"{copy}.opus")
            assert distance(resample(audio, rate, 44100), read(tmp_path / f"{song.name}_{part}.wav")) > 15
