"""Progress of songs: bars on a terminal, elsewhere a line now and then."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

LINE_EVERY = 30.0  # seconds between lines where there is no terminal


class SongBars:
    """A bar for each song under way, by a key; a context manager that leaves the terminal as it was."""

    def __init__(self, console: "Console") -> None:
        self._console = console
        self._bars = _make_bars(console) if console.is_terminal else None
        self._tasks: dict[str, TaskID] = {}
        self._names: dict[str, str] = {}
        self._begun: dict[str, float] = {}
        self._spoken = time.monotonic()

    def __enter__(self) -> Self:
        if self._bars:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars:
            self._bars.stop()

    def begin(self, key: str, name: str) -> None:
        """Show a song."""
        self._names[key] = name
        self._begun[key] = time.monotonic()
        if self._bars:
            self._tasks[key] = self._bars.add_task(name, total=None)

    def update(self, key: str, done: int, total: int | None) -> None:
        """Show how far it is."""
        now = time.monotonic()
        if self._bars:
            self._bars.update(self._tasks[key], completed=done, total=total)
        elif total and now - self._spoken > LINE_EVERY:
            self._spoken = now
            seconds = round((now - self._begun[key]) * max(0, total - done) / max(1, done))
            share = min(100, 100 * done // total)
            self._console.print(f"{self._names[key]}: {share} %, {seconds // 60}:{seconds % 60:02} left")

    def end(self, key: str) -> None:
        """Show it no more."""
        self._names.pop(key, None)
        if self._bars and key in self._tasks:
            self._bars.remove_task(self._tasks.pop(key))


def _make_bars(console: "Console") -> "Progress":
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # slow to import

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True)


@contextmanager
def song_progress(console: "Console", name: str) -> Iterator[Callable[[int, int | None], None]]:
    """One bar while something lasts, as a function to call with what is done, and of how much where that is known."""
    with SongBars(console) as bars:
        bars.begin(name, name)
        yield lambda done, total: bars.update(name, done, total)
