"""The corpus as spectrograms, piece by piece, so that memory stays constant."""

from collections.abc import Iterator

import numpy as np

from acapella.analyses.task import Task
from acapella.corpus.cache import Cache, cache_folder
from acapella.corpus.tracks import MIXTURE, Track, find_tracks
from acapella.errors import UsageError
from acapella.models.description import ModelDescription
from acapella.models.front_ends import SpectralFrontEnd

SOURCES = {"mixture": MIXTURE, "instrumental": "instrumental", "vocal": "vocal"}  # the part of each source
PARTS = {"lps": ["log-power"], "ri": ["real part", "imaginary part"], "amplitude": ["amplitude"]}
UNITS = {"lps": "log(1 + STFT amplitude)", "ri": "STFT amplitude", "amplitude": "STFT amplitude"}
TITLES = {"mixture": "mixture", "instrumental": "instrumental", "vocal": "vocals"}


class Corpus:
    """The tracks in DATA, and their audio in the cache."""

    def __init__(self, task: Task, front_end: SpectralFrontEnd) -> None:
        settings = task.settings
        self._front_end = front_end
        self.tracks, skipped = find_tracks(settings.data)
        self.cache = Cache(cache_folder(settings.data, settings.log_base), front_end)
        for sentence in skipped:
            task.note(f"{sentence}.")

    def tensors(self, track: Track, source: str) -> Iterator[np.ndarray]:
        """Pieces (tensor channels, bins, frames) of a track's spectrograms, not normalised, of all its items."""
        audio = self.cache.audio(track, SOURCES[source])
        for spectrum in self._front_end.stft.stream(audio.pieces()):
            yield from self._front_end.represent(self._front_end.by_item(spectrum))


def spectral_front_end(description: ModelDescription) -> SpectralFrontEnd:
    """The front end of a model that sees spectrograms; UsageError where it sees waveforms."""
    if not isinstance(description.front_end, SpectralFrontEnd):
        raise UsageError("This analysis needs a model that sees spectrograms; this one sees waveforms.")
    return description.front_end


def channel_names(front_end: SpectralFrontEnd) -> list[str]:
    """The label of each channel of a tensor."""
    sides = ["left ", "right "] if front_end.channels == 2 else [""]
    return [side + part for side in sides for part in PARTS[front_end.representation]]


def value_unit(front_end: SpectralFrontEnd) -> str:
    """The unit of a tensor's values before normalization."""
    return UNITS[front_end.representation]
