"""Hold the mixture back until its stems are there."""

from collections.abc import Iterable, Iterator

import numpy as np


class Delay:
    """A queue of samples: `tap` fills it while audio passes by, `take` empties it."""

    def __init__(self, channels: int) -> None:
        self._queue = [np.zeros((0, channels), np.float32)]
        self.waiting = 0
        self.total = 0

    def tap(self, pieces: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Pass `pieces` (samples, channels) on, and remember them."""
        for piece in pieces:
            self._queue.append(piece)
            self.waiting += len(piece)
            self.total += len(piece)
            yield piece

    def take(self, samples: int) -> np.ndarray:
        """The oldest `samples` of those waiting, (samples, channels)."""
        queue = np.concatenate(self._queue)
        taken, rest = queue[:samples], queue[samples:]
        self._queue, self.waiting = [rest], len(rest)
        return taken
