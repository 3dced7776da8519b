"""What a training tells while it runs; who listens decides what becomes of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Note:
    """Something that a person should know, a sentence."""

    text: str


@dataclass(frozen=True)
class Preparing:
    """The audio of the "training" or "validation" tracks is being brought into the cache."""

    tracks: str


@dataclass(frozen=True)
class EpochStarted:
    """An epoch of so many `batches` has begun, or is gone on with."""

    epoch: int  # from 1
    epochs: int  # in all
    batches: int


@dataclass(frozen=True)
class BatchDone:
    """A batch of an epoch is trained."""

    epoch: int
    epochs: int
    batch: int  # from 1
    batches: int
    loss: float
    speed: float  # examples a second since the epoch began


@dataclass(frozen=True)
class EpochDone:
    """An epoch has ended, validation included."""

    epoch: int
    epochs: int
    numbers: Mapping[str, float]  # loss and metrics, by name
    seconds: float
    speed: float  # examples a second


@dataclass(frozen=True)
class EpochBrokenOff:
    """An epoch has ended in its middle, by Ctrl-C or an error."""

    epoch: int


@dataclass(frozen=True)
class Saved:
    """The point from which the training could be resumed has been written."""


TrainingEvent = Note | Preparing | EpochStarted | BatchDone | EpochDone | EpochBrokenOff | Saved
TrainingListener = Callable[[TrainingEvent], object]


def ignore(event: TrainingEvent) -> None:
    """The listener of those who do not want to know."""
