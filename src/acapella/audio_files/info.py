"""What is known about the audio in a file before it is decoded."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from acapella.audio_files.metadata import Metadata


@dataclass(frozen=True)
class AudioInfo:
    """What a file says about its audio."""

    sample_rate: int  # in Hz
    channels: int
    samples: int | None  # of each channel; None: known only at the end
    subtype: str | None  # "PCM_16", "PCM_24", "FLOAT", …; None: lossy
    metadata: Metadata = field(default_factory=Metadata)
    seconds: float | None = None  # the length, good enough for a progress bar


Decoded = tuple[AudioInfo, Callable[[int], Iterator[np.ndarray]]]  # and pieces (samples, channels), from a sample on


def first_samples(pieces: Iterator[np.ndarray], count: int) -> Iterator[np.ndarray]:
    """The first `count` samples of `pieces`; no more is decoded."""
    while count > 0 and (piece := next(pieces, None)) is not None:
        yield piece[:count]
        count -= len(piece)
