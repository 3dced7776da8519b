"""What turns a song into stems: one model, or several that work together. They are composed, and have one interface.

single_model.py  SingleModel          one model
repetition.py    Shifted, Augmented   one system, several times over a song that is changed, averaged
ensemble.py      Ensemble             several systems, combined stem by stem
chain.py         Chain                a second system, on the vocals of the first
loading.py       SystemLoader         all these, from the names of models
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from acapella.errors import UsageError
from acapella.isolation.frame_queue import FrameQueue
from acapella.isolation.separation import Pieces, Stems
from acapella.models.description import ModelDescription

Start = Callable[[], Pieces]  # begins the song anew at each call: some models need a first pass over all of it
AudioOfStems = Generator[np.ndarray, None, None]  # pieces (stems, samples, channels)


@dataclass(frozen=True)
class AvailableStems:
    """The stems that a system can give.

    `default`: those to make unless others are asked for. `summing`: those that sum to the mixture, or would if the
    networks were perfect.
    """

    all: tuple[str, ...]
    default: tuple[str, ...]
    summing: tuple[str, ...]

    def choose(self, stems: Sequence[str] | None) -> tuple[str, ...]:
        """`stems`, checked; None is the default, and ["all"] is all there are."""
        if stems is None:
            return self.default
        chosen = self.all if list(stems) == ["all"] else tuple(dict.fromkeys(stems))
        if not chosen or not set(chosen) <= set(self.all):
            raise UsageError(f"stems={','.join(chosen)!r} is not made of: {', '.join(self.all)}.", "stems")
        return chosen


class System(Protocol):
    """Turns songs into stems; several threads may use it at the same time."""

    @property
    def description(self) -> ModelDescription:
        """Of its model; of several, of the first."""

    @property
    def available(self) -> AvailableStems:
        """The stems that it can give."""

    @property
    def sums_to_mixture(self) -> bool:
        """Whether `available.summing` sum to the song, apart from what the networks miss."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a person should know of it before, a sentence each."""

    def stream(self, start: Start, sample_rate: int, channels: int, stems: Sequence[str]) -> Stems:
        """Each of `stems` piece by piece, as many samples as the song has; pieces may be empty."""
        ...


def stacked(stream: Stems, stems: Sequence[str]) -> AudioOfStems:
    """The audio of a `stream`, its `stems` in order."""
    with closing(stream):
        for piece in stream:
            yield np.stack([piece[stem] for stem in stems])


def by_name(stream: Iterator[np.ndarray], stems: Sequence[str]) -> Stems:
    """Audio (stems, samples, channels) by the names of the stems."""
    for piece in stream:
        yield dict(zip(stems, piece, strict=True))


def lockstep(streams: Sequence[AudioOfStems]) -> Generator[list[np.ndarray], None, None]:
    """Pieces of all `streams`, which are of one length, side by side: one of each, of as many samples."""
    queues = [FrameQueue(axis=1) for _ in streams]
    with ExitStack() as stack:
        for stream in streams:
            stack.enter_context(closing(stream))
        while all(_fill(queue, stream) for queue, stream in zip(queues, streams, strict=True)):
            length = min(queue.waiting for queue in queues)
            yield [queue.take(length) for queue in queues]


def _fill(queue: FrameQueue, stream: AudioOfStems) -> bool:
    """See to it that there are samples in `queue`; False where `stream` has ended."""
    while not queue.waiting:
        piece = next(stream, None)
        if piece is None:
            return False
        queue.push(piece)
    return True
