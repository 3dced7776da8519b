"""The outline of a stem: the least and the greatest sample of each of its parts."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile
from pydantic import BaseModel, Field

PIECE = 1 << 18  # samples
KEPT = 64  # outlines
DIGITS = 4


class Peaks(BaseModel):
    """The outline of a stem."""

    seconds: float
    samples: int = Field(description="Of each channel.")
    sample_rate: int
    peaks: list[tuple[float, float]] = Field(description="Least and greatest sample of all channels in each part.")


@lru_cache(KEPT)
def peaks_of(path: Path, points: int) -> Peaks:
    """The outline of a wav file in so many parts, or one for each sample if these are fewer. The file never changes."""
    with soundfile.SoundFile(path) as file:
        count, channels = file.frames, file.channels
        kind, full_scale = ("int16", 2**15) if file.subtype == "PCM_16" else ("float32", 1)  # ten times as quick
        parts = max(1, min(points, count))
        low, high = np.full(parts, np.inf), np.full(parts, -np.inf)
        start = 0
        while start < count:
            piece = file.read(min(PIECE, count - start), kind, always_2d=True)
            stop = start + len(piece)
            first, last = start * parts // count, (stop - 1) * parts // count
            inner = [-(-part * count // parts) - start for part in range(first + 1, last + 1)]
            here, edges = slice(first, last + 1), [channels * edge for edge in (0, *inner)]
            low[here] = np.minimum(low[here], np.minimum.reduceat(piece.reshape(-1), edges))
            high[here] = np.maximum(high[here], np.maximum.reduceat(piece.reshape(-1), edges))
            start = stop
        pairs = (np.stack([low, high], axis=1) / full_scale).round(DIGITS)
        return Peaks(seconds=count / file.samplerate, samples=count, sample_rate=file.samplerate, peaks=pairs.tolist())
