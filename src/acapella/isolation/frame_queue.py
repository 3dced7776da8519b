"""A queue that holds the mixture back until its stems are there."""

from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np


class FrameQueue:
    """A queue of samples or frames, counted along `axis`.

    `push`, or `tap` while pieces pass by, fills it, `take` empties it. One thread may fill it while another takes.
    """

    def __init__(self, axis: int) -> None:
        self._axis = axis
        self._queue: deque[np.ndarray] = deque()
        self.total = 0
        self._taken = 0

    @property
    def waiting(self) -> int:
        """How many have passed by and were not taken."""
        return self.total - self._taken

    def tap(self, pieces: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Pass `pieces` on, and queue them."""
        for piece in pieces:
            self.push(piece)
            yield piece

    def push(self, piece: np.ndarray) -> None:
        """Append a piece."""
        self._queue.append(piece)
        self.total += piece.shape[self._axis]

    def take(self, count: int) -> np.ndarray:
        """The oldest `count` of those waiting; of nothing there must be a piece, too."""
        parts = [self._queue.popleft()]
        missing = count - parts[0].shape[self._axis]
        while missing > 0 and self._queue:
            parts.append(self._queue.popleft())
            missing -= parts[-1].shape[self._axis]
        joined = np.concatenate(parts, axis=self._axis) if len(parts) > 1 else parts[0]
        taken, rest = np.split(joined, [count], axis=self._axis)
        self._queue.appendleft(rest)
        self._taken += taken.shape[self._axis]
        return taken
