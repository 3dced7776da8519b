from pathlib import Path

import numpy as np
import pytest
from tests.corpus.sources import assert_is, failure, prepare, put, read, stems
from tests.made import tone

from acapella.audio_files import read_audio
from acapella.corpus.importers import LeftOutError, Song, Stems, find_songs, is_written, write_song
from acapella.corpus.tracks import find_tracks
from acapella.errors import CorpusError, SettingsError


def test_mir1k_has_the_voice_on_the_right(source):
    sides = put(source / "amy/1.wav", np.concatenate([tone(100, 0.3, 8000), tone(400, 0.3, 8000)], axis=1))
    assert_is(prepare("mir1k", source)["amy_1"], sides[:, 1:], sides[:, :1])


def test_undivided_clips_of_mir1k_are_not_taken_as_well(source):
    for path in ("MIR-1K/Wavfile/amy_1.wav", "MIR-1K/UndividedWavfile/amy.wav", "MIR-1K/other/x.wav"):
        put(source / path, tone(100, 0.1, 8000, 2))
    put(source / "MIR-1K/Wavfile/._amy_1.wav", tone(100, 0.1, 8000, 2))
    assert list(prepare("mir1k", source)) == ["amy_1"]
    assert len(find_songs("mir1k", source / "MIR-1K/UndividedWavfile", source.parent / "corpus")) == 1


@pytest.mark.parametrize("suffix", [".flac", ".ogg", ".opus", ".mp3"])
def test_clips_of_mir1k_may_be_in_any_audio_format(source, suffix):
    put(source / f"amy_1{suffix}", tone(100, 0.3, 16000, 2), 16000)
    (source / "amy_1.pdf").touch()
    assert [song.name for song in find_songs("mir1k", source, source.parent / "corpus")] == ["amy_1"]
    assert list(prepare("mir1k", source)) == ["amy_1"]


def test_a_clip_of_one_channel_is_none_of_mir1k(source):
    put(source / "mono.wav", tone(100, 0.1, 8000))
    assert "mono.wav is no clip of MIR-1K: it has 1 channels instead of 2" in str(failure("mir1k", source))


def test_published_clips(data, tmp_path):
    songs = find_songs("mir1k", data / "mir1k/train", tmp_path)
    assert len(songs) == 175
    for song in songs[::60]:
        write_song(song, tmp_path)
        sides, _ = read_audio(song.source)
        np.testing.assert_allclose(read(tmp_path / f"{song.name}_vocal.wav")[:, 0], sides[:, 1], atol=1e-6)
        np.testing.assert_allclose(read(tmp_path / f"{song.name}_all.wav")[:, 0], sides.sum(axis=1), atol=1e-6)


# --- folders of stems ---


def test_stem_folders_are_summed(source):
    audio = stems(["vocals", "drums", "bass"])
    for name, samples in audio.items():
        put(source / "A song" / f"{name}.wav", samples)
    put(source / "A song/mixture.wav", np.ones((9, 2)))
    (source / "A song/notes.txt").touch()
    assert_is(prepare("stems", source)["A song"], audio["vocals"], audio["drums"] + audio["bass"])


def test_stems_of_different_formats_are_all_there(source):
    audio = stems(["vocals", "drums", "bass"])
    for name, suffix in (("vocals", "wav"), ("drums", "flac"), ("bass", "WAV")):
        put(source / f"{name}.{suffix.lower()}", audio[name])
        (source / f"{name}.{suffix.lower()}").rename(source / f"{name}.{suffix}")
    track = prepare("stems", source)["source"]
    np.testing.assert_allclose(track["instrumental"], audio["drums"] + audio["bass"], atol=1e-4)


def test_folders_that_are_no_songs_are_named(source):
    put(source / "A/drums.wav", tone(100, 0.1, 8000))
    error = failure("stems", source)
    assert isinstance(error, LeftOutError)
    assert "A holds no vocals." in str(error)
    (source / "A/drums.wav").rename(source / "A/vocals.wav")
    assert "A holds no accompaniment beside the vocals." in str(failure("stems", source))
    put(source / "A/vocals.flac", tone(100, 0.1, 8000))
    assert "A holds both vocals.flac and vocals.wav" in str(failure("stems", source))


@pytest.mark.parametrize(
    ("audio", "sample_rate", "reason"),
    [
        (tone(100, 0.3, 16000, 2), 16000, "16000 Hz against 8000 Hz"),
        (tone(100, 0.3, 8000, 1), 8000, "1 channels against 2"),
        (tone(100, 0.5, 8000, 2), 8000, "0.5 s against 0.3 s"),
    ],
)
def test_stems_that_do_not_fit_are_named(source, audio, sample_rate, reason):
    put(source / "A/vocals.wav", tone(100, 0.3, 8000, 2))
    put(source / "A/drums.wav", audio, sample_rate)
    assert f"drums.wav does not fit vocals.wav: {reason}." in str(failure("stems", source))


@pytest.mark.parametrize("extra", [-50, 50])
def test_a_few_samples_more_or_less_are_cut(source, extra):
    vocals, bass = (
        put(source / "A/vocals.wav", np.ones((2400, 1))),
        put(source / "A/bass.wav", np.ones((2400 + extra, 1))),
    )
    put(source / "A/drums.wav", np.ones((2400, 1)))
    shortest = min(len(vocals), len(bass))
    assert_is(prepare("stems", source)["A"], np.ones((shortest, 1)), np.full((shortest, 1), 2.0))


# --- all ---


def song(name: str, samples: int = 100, source: Path = Path()) -> Song:
    return Song(name, source, lambda: Stems(np.ones((samples, 1), np.float32), np.ones((samples, 1), np.float32), 8000))


def test_characters_that_windows_refuses_are_replaced(tmp_path):
    write_song(song('test/What? "A: B" <C>|*\\.'), tmp_path)
    assert [track.name for track in find_tracks(tmp_path)[0]] == ["test/What_ _A_ B_ _C____."]


def test_a_crash_leaves_no_mixture_and_the_next_run_writes_all(tmp_path, monkeypatch):
    write_song(song("a", 100), tmp_path)
    (tmp_path / "a_vocal.wav").unlink()
    assert not is_written(song("a"), tmp_path)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("acapella.corpus.importers.songs._write", crash)
        with pytest.raises(KeyboardInterrupt):
            write_song(song("a", 200), tmp_path)
    assert not (tmp_path / "a_all.wav").exists()
    write_song(song("a", 200), tmp_path)
    assert is_written(song("a"), tmp_path)
    assert {len(read(path)) for path in tmp_path.iterdir()} == {200}


@pytest.mark.parametrize("names", [("a?", "a*"), ("Song", "song"), ("F\u00fc\u00dfe", "Fu\u0308sse")])
def test_two_songs_of_one_name_are_an_error_before_any_work(source, names):
    for name in names:
        put(source / name / "vocals.wav", tone(100, 0.1, 8000))
        put(source / name / "drums.wav", tone(100, 0.1, 8000))
    with pytest.raises(CorpusError, match=r"would both be .*; rename one"):
        find_songs("stems", source, source.parent / "corpus")


def test_what_cannot_be_prepared_is_said(source, tmp_path):
    with pytest.raises(SettingsError, match="DATA_SET='drums' is not one of: musdb18, medleydb, mir1k, stems"):
        find_songs("drums", source, tmp_path / "corpus")
    with pytest.raises(CorpusError, match="nowhere is not a folder"):
        find_songs("mir1k", tmp_path / "nowhere", tmp_path / "corpus")
    with pytest.raises(CorpusError, match="lies inside"):
        find_songs("mir1k", source, source / "corpus")
    for data_set in ("musdb18", "medleydb", "mir1k", "stems"):
        with pytest.raises(CorpusError, match=f"holds nothing of {data_set}"):
            find_songs(data_set, source, tmp_path / "corpus")
