"""The level of a song, mean and standard deviation of its waveform: taken away before a network, put back behind it."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

SMALLEST_DEVIATION = 1e-8  # below it a song counts as silent and is left as it is


@dataclass(frozen=True)
class SongLevel:
    """(x - mean) / deviation; both are (items, 1, 1) float32, for audio (items, channels, samples)."""

    mean: np.ndarray
    deviation: np.ndarray

    def apply(self, audio: np.ndarray) -> np.ndarray:
        """Bring `audio` (items * channels, samples) to mean 0 and deviation 1."""
        scaled: np.ndarray = (self._by_item(audio) - self.mean) / self.deviation
        return scaled.reshape(audio.shape)

    def invert(self, audio: np.ndarray) -> np.ndarray:
        """Undo `apply` on `audio` (..., items * channels, samples)."""
        restored: np.ndarray = self._by_item(audio) * self.deviation + self.mean
        return restored.reshape(audio.shape)

    def _by_item(self, audio: np.ndarray) -> np.ndarray:
        items = len(self.mean)
        return audio.reshape(*audio.shape[:-2], items, audio.shape[-2] // items, audio.shape[-1])


def measure_level(pieces: Iterable[np.ndarray], channels: int) -> SongLevel:
    """The level of the mean of each `channels` channels of `pieces` (items * channels, samples), in constant memory."""
    count, total, squares = 0, np.zeros(0), np.zeros(0)
    for piece in pieces:
        mono = piece.reshape(len(piece) // channels, channels, piece.shape[-1]).mean(axis=1, dtype=np.float64)
        if not total.size:
            total, squares = np.zeros((2, len(mono)))
        count += mono.shape[-1]
        total += mono.sum(axis=-1)
        squares += (mono**2).sum(axis=-1)
    mean = total / max(1, count)
    deviation = np.sqrt(np.maximum(squares / max(1, count) - mean**2, 0))
    deviation = np.where(deviation < SMALLEST_DEVIATION, 1, deviation)
    return SongLevel(*(value.astype(np.float32)[:, None, None] for value in (mean, deviation)))
