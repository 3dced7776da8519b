"""The corpus as spectrograms, piece by piece, so that memory stays constant."""

from collections.abc import Iterator

import numpy as np

from acapella.analyses.task import Task
from acapella.corpus.cache import Cache, cache_folder
from acapella.corpus.tracks import MIXTURE, Track, find_tracks
from acapella.models.front_ends import SpectralFrontEnd

SOURCES = {"mixture": MIXTURE, "instrumental": "instrumental", "vocal": "vocal"}  # the part of each source
TITLES = {"mixture": "mixture", "instrumental": "instrumental", "vocal": "vocals"}


class Corpus:
    """The tracks below DATA, and their audio in the cache."""

    def __init__(self, task: Task, codec: SpectralFrontEnd) -> None:
        settings = task.settings
        self._codec = codec
        self.tracks, skipped = find_tracks(settings.data)
        self.cache = Cache(cache_folder(settings.data, settings.log_base), codec)
        for sentence in skipped:
            task.note(f"{sentence}.")

    def tensors(self, track: Track, source: str) -> Iterator[np.ndarray]:
        """Pieces (tensor channels, bins, frames) of a track's spectrogram, not normalised."""
        audio = self.cache.audio(track, SOURCES[source])
        for spectrum in self._codec.stft.stream(audio.pieces()):
            yield self._codec.represent(spectrum)


def channel_names(codec: SpectralFrontEnd) -> list[str]:
    """What each channel of a tensor holds."""
    parts = ["real part", "imaginary part"] if codec.has_phase else ["log-power"]
    sides = ["left ", "right "] if codec.channels == 2 else [""]
    return [side + part for side in sides for part in parts]


def value_unit(codec: SpectralFrontEnd) -> str:
    """The unit of a tensor's values before they are normalised."""
    return "STFT amplitude" if codec.has_phase else "log(1 + STFT amplitude)"
