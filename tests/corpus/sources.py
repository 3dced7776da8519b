"""Data sets made for tests, and what becomes of them."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.made import tone

from acapella.audio_files import AudioWriter
from acapella.corpus.importers import find_songs, write_song
from acapella.corpus.tracks import find_tracks
from acapella.errors import AcapellaError


def read(path: Path) -> np.ndarray:
    return soundfile.read(path, dtype="float32", always_2d=True)[0]


def put(path: Path, audio: np.ndarray, sample_rate: int = 8000) -> np.ndarray:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix in (".wav", ".flac"):
        soundfile.write(path, audio, sample_rate, subtype="FLOAT" if path.suffix == ".wav" else None)
    else:
        with AudioWriter(path, sample_rate, audio.shape[1], path.suffix[1:]) as writer:
            writer.write(audio)
    return audio


def stems(names, channels: int = 2) -> dict[str, np.ndarray]:
    return {name: tone(100 * place, 0.3, 8000, channels) for place, name in enumerate(names, 1)}


def prepare(data_set: str, source: Path) -> dict[str, dict[str, np.ndarray]]:
    """Write all songs, and return what the corpus then holds by track and part."""
    corpus = source.parent / "corpus"
    for song in find_songs(data_set, source, corpus):
        write_song(song, corpus)
    return {track.name: {part: read(path) for part, path in track.files.items()} for track in find_tracks(corpus)[0]}


def assert_is(track: dict[str, np.ndarray], vocal: np.ndarray, instrumental: np.ndarray) -> None:
    np.testing.assert_allclose(track["vocal"], vocal, atol=1e-6)
    np.testing.assert_allclose(track["instrumental"], instrumental, atol=1e-6)
    np.testing.assert_allclose(track["all"], vocal + instrumental, atol=1e-6)


def failure(data_set: str, source: Path) -> AcapellaError:
    """Why the only song of `source` cannot be written."""
    (song,) = find_songs(data_set, source, source.parent / "corpus")
    with pytest.raises(AcapellaError) as caught:
        write_song(song, source.parent / "corpus")
    assert not (source.parent / "corpus").exists()
    return caught.value
