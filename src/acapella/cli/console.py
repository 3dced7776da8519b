"""How the command line talks: results on standard output, everything else on standard error."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

LINE_EVERY = 30.0  # seconds between lines where there is no terminal

Progressed = Callable[[int, int | None], None]  # called with what is done, and of how much where that is known


def make_console(quiet: bool) -> Console:
    """A console on standard error, silent with --quiet; brackets in names of files are only brackets."""
    return Console(stderr=True, quiet=quiet, highlight=False, soft_wrap=True, markup=False, emoji=False)


def report(error: Exception | str) -> None:
    """Print what went wrong as one sentence."""
    typer.echo(f"Error: {error if isinstance(error, str) else sentence(error)}", err=True)


def sentence(error: Exception) -> str:
    """What went wrong."""
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}."
    return str(error)


@contextmanager
def song_progress(console: Console, name: str) -> Iterator[Progressed]:
    """A bar for one song while it lasts, or a line now and then where there is no terminal."""
    if not console.is_terminal:
        yield _Lines(console, name)
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


class _Lines:
    """Says every LINE_EVERY seconds how far it is."""

    def __init__(self, console: Console, name: str) -> None:
        self._console = console
        self._name = name
        self._spoken = time.monotonic()

    def __call__(self, done: int, total: int | None) -> None:
        now = time.monotonic()
        if now - self._spoken > LINE_EVERY and total:
            self._spoken = now
            self._console.print(f"{self._name}: {min(100, 100 * done // total)} %")


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def __str__(self) -> str:
        return f"{time.monotonic() - self._start:.1f} s"
