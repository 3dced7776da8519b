"""What comes through pipes: copied to a file first, with an end to the waiting and to the size."""

import os
import select
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from acapella.errors import AudioFileError

PATIENCE = 15.0  # seconds that a named pipe may give nothing
LARGEST = 4 << 30  # bytes that are taken from a pipe; a wav of two hours and a half in 32 bit floats has as many
PIECE = 1 << 20  # bytes read at a time


def is_special(path: Path) -> bool:
    """Whether `path` is a pipe, a device or the like; not where that cannot be found out."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


class _ReasonError(Exception):
    """Carries why up to where the name is known."""


def copy_pipe(source: Path | BinaryIO, target: BinaryIO, name: str, patience: float | None = None) -> None:
    """Copy all that comes through `source`, a named pipe or a stream, to the file `target`.

    AudioFileError, which calls it `name`, for a device, where nothing comes for `patience` seconds (None: 15 for a
    named pipe, any time for a stream), and where there is no end to it.
    """
    if patience is None and isinstance(source, Path):
        patience = PATIENCE
    try:
        with _opened(source) as stream:
            copied = 0
            while piece := _read(stream, patience):
                copied += len(piece)
                if copied > LARGEST:
                    raise _ReasonError(f"it gives more than {LARGEST >> 30} GiB; write it to a file first")
                _write(piece, target)
    except (OSError, _ReasonError) as error:
        reason = getattr(error, "strerror", None) or error
        raise AudioFileError(f"{name}: cannot be read ({reason}).") from error


@contextmanager
def _opened(source: Path | BinaryIO) -> Iterator[int | BinaryIO]:
    """The descriptor of `source`, or itself where it has none."""
    if not isinstance(source, Path):
        try:
            descriptor = source.fileno()
        except (AttributeError, OSError):
            yield source
            return
        _refuse_device(descriptor)
        yield descriptor if os.name == "posix" else source
        return
    _refuse_device(source)
    descriptor = os.open(source, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))  # else it would wait for a writer here
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _refuse_device(source: Path | int) -> None:
    mode = os.stat(source).st_mode  # noqa: PTH116 (it may be a descriptor)
    is_terminal = isinstance(source, int) and os.isatty(source)
    if (stat.S_ISCHR(mode) or stat.S_ISBLK(mode)) and not is_terminal:
        raise _ReasonError("it is a device, no file")


def _read(stream: int | BinaryIO, patience: float | None) -> bytes:
    if not isinstance(stream, int):
        return stream.read(PIECE)
    while True:
        ready, _, _ = select.select([stream], [], [], patience)
        if not ready:
            raise _ReasonError(f"nothing came through it for {patience:g} seconds")
        try:
            return os.read(stream, PIECE)
        except BlockingIOError:  # another reader was faster
            continue


def _write(piece: bytes, target: BinaryIO) -> None:
    try:
        target.write(piece)
    except OSError as error:
        where = f"its copy in the temporary folder cannot be written: {error.strerror}"
        raise _ReasonError(f"{where}; the variable TMPDIR names another folder") from error
