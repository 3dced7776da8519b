"""Cut a stream of frames into blocks for a network.

A network without state needs context on both sides of a block, which is trimmed away again: where an output frame
depends on no more than `context` frames to either side, blocks give what the whole song gives, provided that they start
at multiples of the network's stride. A network with state takes blocks of equal length, one after the other.
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


@dataclass(frozen=True)
class PaddedBlock:
    """`frames` (..., frames), of which the first `valid` belong to the song and the others are zeros behind its end."""

    frames: np.ndarray
    valid: int


def pad_to_blocks(pieces: Iterable[np.ndarray], length: int, latency: int) -> Iterator[PaddedBlock]:
    """Blocks of exactly `length` frames from `pieces` (..., frames), with at least `latency` frames behind the end."""
    waiting: list[np.ndarray] = []
    count = 0
    for piece in pieces:
        waiting.append(piece)
        count += piece.shape[-1]
        if count >= length:
            joined = np.concatenate(waiting, axis=-1)
            for start in range(0, count - length + 1, length):
                yield PaddedBlock(joined[..., start : start + length], length)
            count %= length
            waiting = [joined[..., joined.shape[-1] - count :]]
    if waiting:
        rest = np.concatenate(waiting, axis=-1)
        missing = -(count + latency) % length + latency
        padded = np.concatenate([rest, np.zeros((*rest.shape[:-1], missing), rest.dtype)], axis=-1)
        for start in range(0, count + missing, length):
            yield PaddedBlock(padded[..., start : start + length], min(max(0, count - start), length))
