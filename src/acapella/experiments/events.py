"""What a search tells while it runs, beside the events of its trainings."""

from collections.abc import Callable
from dataclasses import dataclass

from acapella.training.events import TrainingEvent


@dataclass(frozen=True)
class RunStarted:
    """A run has begun, number `position` of `runs`; `differences` tell it from the others."""

    position: int  # from 1
    runs: int
    differences: str


@dataclass(frozen=True)
class RunFailed:
    """A run has ended with an error; the others go on."""

    id: str
    reason: str


SearchEvent = RunStarted | RunFailed | TrainingEvent
SearchListener = Callable[[SearchEvent], object]
