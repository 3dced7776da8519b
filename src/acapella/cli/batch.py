"""How a batch of thousands of songs goes, on screen: how many are done, how fast, and how long it will take."""

import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from acapella.cli.console import report, warn, with_flag
from acapella.jobs.events import Done, End, Event, Failed

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

LINE_EVERY = 30.0  # seconds between lines where there is no terminal


class BatchReport:
    """Listens to the jobs of a batch of `total` songs; a context manager that leaves the terminal as it was."""

    def __init__(self, console: "Console", total: int, *, debug: bool) -> None:
        self.done = 0
        self._ended = 0
        self._total = total
        self._console = console
        self._debug = debug
        self._bar = _make_bar(console, total) if console.is_terminal else None
        self._began = self._spoken = time.monotonic()

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def __call__(self, event: Event) -> None:
        """Count it, and say what failed; with `debug`, raise that."""
        if isinstance(event, Failed):
            if self._debug:
                raise event.error
            report(event.error)
        if isinstance(event, Done):
            self.done += 1
            for remark in event.result.remarks:
                warn(with_flag(with_flag(remark, "bit_depth"), "normalize"))
        if isinstance(event, End):
            self._ended += 1
            self._say_progress()

    def _say_progress(self) -> None:
        now = time.monotonic()
        rate = self._ended / max(now - self._began, 1e-9)  # songs per second
        text = f"{60 * rate:.0f} songs/min, {_clock((self._total - self._ended) / rate)} left"
        if self._bar:
            self._bar.update(self._bar.task_ids[0], completed=self._ended, description=text)
        elif now - self._spoken > LINE_EVERY:
            self._spoken = now
            self._console.print(f"{self._ended} of {self._total} songs, {text}")


def _make_bar(console: "Console", total: int) -> "Progress":
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # slow to import

    columns = (MofNCompleteColumn(), BarColumn(), TextColumn("{task.description}", markup=False))
    bar = Progress(*columns, console=console, transient=True)
    bar.add_task("", total=total)
    return bar


def _clock(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60}:{minutes % 60:02} h" if minutes >= 60 else f"{minutes} min"
