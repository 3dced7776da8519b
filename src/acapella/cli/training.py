"""What a training or a search says on screen."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.status import Status

from acapella.experiments.events import RunFailed, RunStarted, SearchEvent
from acapella.training.events import BatchDone, EpochDone, EpochStarted, Note, Preparing, Saved

LINE_EVERY = 30.0  # seconds between lines where there is no terminal


class TrainingReport:
    """Listens to a training: a bar on a terminal, lines elsewhere, and a line an epoch on both.

    A context manager that leaves the terminal as it was.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar: Progress | None = None
        self._status: Status | None = None
        self._spoken = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clear()

    def __call__(self, event: SearchEvent) -> None:
        """Say it."""
        match event:
            case BatchDone():
                self._show_batch(event)
            case Note():
                self._end_status()
                self._console.print(event.text)  # above the bar
            case Preparing():
                self._clear()
                self._status = self._console.status(f"Preparing {event.tracks} tracks")
                self._status.start()
            case EpochStarted():
                self._clear()
                self._open_bar(event)
            case EpochDone():
                self._clear()
                numbers = ", ".join(f"{name} {value:.5f}" for name, value in event.numbers.items())
                took = f"{event.seconds:.0f} s, {event.speed:.1f} examples/s"
                self._console.print(f"{_epoch(event)}: {numbers} ({took})")
            case RunStarted():
                self._clear()
                self._console.print(f"{event.position}/{event.runs}: {event.differences}")
            case RunFailed():
                self._clear()
                self._console.print(f"Run {event.id} failed: {event.reason}")
            case Saved():
                pass
            case _:
                self._clear()

    def _open_bar(self, event: EpochStarted) -> None:
        self._spoken = time.monotonic()
        if self._console.is_terminal:
            columns = (
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
            )
            self._bar = Progress(*columns, console=self._console, transient=True)
            self._task = self._bar.add_task(_epoch(event), total=event.batches)
            self._bar.start()

    def _show_batch(self, event: BatchDone) -> None:
        state = f"loss {event.loss:.5f}, {event.speed:.1f} examples/s"
        if self._bar:
            self._bar.update(self._task, completed=event.batch, description=f"{_epoch(event)}: {state}")
        elif time.monotonic() - self._spoken > LINE_EVERY:
            self._spoken = time.monotonic()
            self._console.print(f"{_epoch(event)}, batch {event.batch}/{event.batches}: {state}")

    def _clear(self) -> None:
        self._end_status()
        if self._bar:
            self._bar.stop()
            self._bar = None

    def _end_status(self) -> None:
        if self._status:
            self._status.stop()
            self._status = None


def _epoch(event: EpochStarted | BatchDone | EpochDone) -> str:
    return f"epoch {event.epoch}/{event.epochs}"
