"""A second reader of a song's audio, without a second decoding."""

from collections.abc import Callable, Iterator
from threading import Lock

import numpy as np

from acapella.isolation.systems import Start


class Tap:
    """Audio that may be begun anew, several times at once too; each sample goes to `write` once, in order."""

    def __init__(self, start: Start, write: Callable[[np.ndarray], object]) -> None:
        self._start = start
        self._write = write
        self._written = 0  # samples
        self._lock = Lock()

    def __call__(self) -> Iterator[np.ndarray]:
        """The audio from its beginning, in pieces (samples, channels)."""
        end = 0
        for piece in self._start():
            end += len(piece)
            with self._lock:
                if end > self._written:
                    self._write(piece[self._written - end :])
                    self._written = end
            yield piece
