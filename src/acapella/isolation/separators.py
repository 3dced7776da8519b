"""Run a model over a song: a separator for each schedule, in three stages that work at the same time.

    prepare   audio to what the network takes           STFT, normalization, cutting
    compute   what the network takes to what it gives   the runtime
    finish    what it gives to audio of the sources     masks, inverse STFT, overlap-add

Audio is at the network's sample rate, in pieces (items * channels, samples); an item is one channel, or one pair of
channels, of the song. The sources come as pieces (sources, items * channels, samples), of as many samples in all.
"""

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from typing import Any, Protocol

import numpy as np

from acapella.dsp.normalizers import IDENTITY, Normalization
from acapella.isolation.chunks import ChunkSeparator
from acapella.isolation.frames import FrameSeparator
from acapella.isolation.model import Model
from acapella.isolation.prefetch import prefetch
from acapella.models.schedules import Chunks

Audio = Iterable[np.ndarray]


class Separator(Protocol):
    """The three stages. It is made for one song, and keeps what a later stage needs of an earlier one."""

    def prepare(self, audio: Audio) -> Generator[Any, None, None]:
        """What the network takes, of audio pieces (items * channels, samples)."""
        ...

    def compute(self, prepared: Iterable[Any]) -> Generator[Any, None, None]:
        """What the network gives for it."""
        ...

    def finish(self, computed: Iterable[Any]) -> Iterator[np.ndarray]:
        """The sources' audio, pieces (sources, items * channels, samples)."""
        ...


def open_separator(
    model: Model, normalization: Normalization = IDENTITY, block_frames: int | None = None
) -> FrameSeparator | ChunkSeparator:
    """The separator for the schedule of `model`; `block_frames` is how many frames it takes at once, where it may."""
    if isinstance(model.description.schedule, Chunks):
        return ChunkSeparator(model, normalization)
    return FrameSeparator(model, normalization, block_frames)


def separate(separator: Separator, audio: Audio) -> Iterator[np.ndarray]:
    """The sources of `audio`, shapes as in the stages, which each have a thread."""
    with closing(prepare_and_compute(separator, audio)) as computed:
        yield from separator.finish(computed)


def prepare_and_compute(separator: Separator, audio: Audio) -> Generator[Any, None, None]:
    """The first two stages, a thread each."""

    def compute() -> Generator[Any, None, None]:
        with closing(prefetch(separator.prepare(audio))) as prepared:
            yield from separator.compute(prepared)

    return prefetch(compute())
