"""Cut a stream of frames into blocks with context on both sides, and trim the context away again.

A network whose output frame depends on no more than `context` frames to either side gives the same result in blocks
as in one piece, provided that blocks start at multiples of its stride.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np


@dataclass(frozen=True)
class Block:
    """`frames` (..., frames), of which the first `before` and the last `after` are context."""

    frames: np.ndarray
    before: int
    after: int

    def trim(self, processed: np.ndarray) -> np.ndarray:
        """`processed`, made from this block's frames, without the context."""
        return processed[..., self.before : processed.shape[-1] - self.after]


def split(pieces: Iterable[np.ndarray], length: int, context: int) -> Iterator[Block]:
    """Blocks of `length` new frames from `pieces` (..., frames) of any sizes; the last one may be shorter."""
    waiting: list[np.ndarray] = []
    before = 0
    for piece in chain(pieces, [None]):
        if piece is not None:
            waiting.append(piece)
        enough = 1 if piece is None else length + context  # frames behind `before`; at the end, any
        if sum(part.shape[-1] for part in waiting) < before + enough:
            continue
        buffer = np.concatenate(waiting, axis=-1)
        while (frames := buffer.shape[-1]) >= before + enough:
            after = min(context, max(0, frames - before - length))
            yield Block(buffer[..., : before + length + context], before, after)
            buffer = buffer[..., max(0, before + length - context) :]
            before = min(context, before + length)
        waiting = [buffer]
