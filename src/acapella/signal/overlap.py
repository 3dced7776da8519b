"""Cut a stream of frames into blocks with context on both sides, and trim the context away again.

A network whose output frame depends on no more than `context` frames to either side gives the same result in blocks
as in one piece, provided that blocks start at multiples of its stride.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

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
    frames = 0
    before = 0
    for piece in pieces:
        waiting.append(piece)
        frames += piece.shape[-1]
        if frames < before + length + context:
            continue
        buffer = np.concatenate(waiting, axis=-1)
        while buffer.shape[-1] >= before + length + context:
            yield Block(buffer[..., : before + length + context], before, context)
            buffer = buffer[..., max(0, before + length - context) :]
            before = min(context, before + length)
        waiting, frames = [buffer], buffer.shape[-1]
    if frames > before:
        yield from _last_blocks(np.concatenate(waiting, axis=-1), before, length, context)


def _last_blocks(buffer: np.ndarray, before: int, length: int, context: int) -> Iterator[Block]:
    """What remains, when less than a whole context follows."""
    while buffer.shape[-1] > before:
        after = max(0, buffer.shape[-1] - before - length)
        yield Block(buffer[..., : before + length + context], before, min(after, context))
        buffer = buffer[..., max(0, before + length - context) :]
        before = min(context, before + length)
