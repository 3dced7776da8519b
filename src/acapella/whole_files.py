"""Files that appear whole or not at all."""

import glob
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME_KEPT = 40  # characters of a file's name in the temporary one: systems allow 255 bytes in all


def temporary_path(path: Path) -> Path:
    """A hidden name beside `path` that no other thread or process gets."""
    return path.with_name(_start_of_temporary(path) + secrets.token_hex(4))


def remove_leftovers(path: Path) -> None:
    """Remove what a process that was killed has left half-written of `path`; nobody may be writing it."""
    start = glob.escape(_start_of_temporary(path))
    for leftover in path.parent.glob(f"{start}*"):
        leftover.unlink(missing_ok=True)


def _start_of_temporary(path: Path) -> str:
    return f".{path.name[:NAME_KEPT]}.partial-"


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """A temporary name to write to: renamed to `path` at the end, removed where writing fails.

    The folder is made where it is missing. Any number of threads and processes may write one file: the last one wins.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_path(path)
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
