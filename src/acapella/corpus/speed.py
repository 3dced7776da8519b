"""Cached audio played faster, and so higher, or slower."""

from dataclasses import dataclass
from math import ceil

import numpy as np

from acapella.audio_files.resampling import stretch
from acapella.corpus.cache import CachedAudio


@dataclass(frozen=True)
class AtSpeed:
    """`audio` played `speed` times as fast: of two that belong together, the same samples stay together."""

    audio: CachedAudio
    speed: float

    @property
    def samples(self) -> int:
        """How many there are at this speed."""
        return int(self.audio.samples / self.speed)

    def read(self, begin: int, end: int) -> np.ndarray:
        """Samples `begin` to `end`, (channels, end - begin), made of no more audio than is under them.

        So the first and last few differ from those of the whole audio at this speed.
        """
        if self.speed == 1:
            return self.audio.read(begin, end)
        last = min(self.audio.samples, ceil(end * self.speed))
        return stretch(self.audio.read(int(begin * self.speed), last), end - begin)
