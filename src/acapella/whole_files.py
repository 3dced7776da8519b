"""Files that appear whole or not at all, and temporary folders.

Whoever writes a file holds a lock on it, where the system has such locks. What a killed process has left half-written
has none: it goes as soon as somebody writes into that folder again. Elsewhere it goes when it is a day old.
"""

import os
import re
import secrets
import shutil
import struct
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

NAME_KEPT = 40  # characters of a file's name in the temporary one: systems allow 255 bytes in all
TEMPORARY = re.compile(r"\..*\.partial-[0-9a-f]{8}(-.*)?", re.DOTALL)
LOCKED = re.compile(r".*-[0-9a-f]{8}", re.DOTALL)  # not what is made of a temporary file, beside it
OLD = 86400.0  # seconds after which nobody writes a file any more
# Locks of an open file, not of a process: another part of the process may open and close the file meanwhile, and HDF5's
# own lock, of the other kind, is not in the way.
SET_LOCK: int | None = getattr(fcntl, "F_OFD_SETLK", None)

_writing: set[Path] = set()  # what this process would leave behind, were it ended now


def is_writing() -> bool:
    """Whether anything is half-written in this process."""
    return bool(_writing)


def remove_unfinished() -> None:
    """Remove what is half-written in this process, which is about to end."""
    for path in list(_writing):
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def temporary_path(path: Path) -> Path:
    """A hidden name beside `path` that no other thread or process gets."""
    return path.with_name(f"{_start_of_temporary(path)}{secrets.token_hex(4)}")


def remove_leftovers(path: Path) -> None:
    """Remove what a process that was killed has left half-written of `path`."""
    start = _start_of_temporary(path)
    for leftover in _temporary_files(path.parent):
        if leftover.name.startswith(start) and _is_orphan(leftover, age=0.0):
            leftover.unlink(missing_ok=True)


def _start_of_temporary(path: Path) -> str:
    return f".{path.name[:NAME_KEPT]}.partial-"


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """A temporary name to write to: renamed to `path` at the end, removed where writing fails.

    It is an empty file. The folder is made where it is missing. Any number of threads and processes may write one file:
    the last one wins.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_orphans(path.parent)
    temporary, lock = _create(path)
    try:
        yield temporary
        temporary.replace(path)
    finally:
        if lock is not None:
            os.close(lock)
        temporary.unlink(missing_ok=True)
        _writing.discard(temporary)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder for temporary files, which is removed at the end."""
    with tempfile.TemporaryDirectory(prefix="acapella-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        _writing.add(folder)
        try:
            yield folder
        finally:
            _writing.discard(folder)


def _create(path: Path) -> tuple[Path, int | None]:
    """A new temporary file, and the descriptor that keeps it locked, where that can be."""
    while True:
        temporary = temporary_path(path)
        _writing.add(temporary)
        try:
            descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        except BaseException:
            _writing.discard(temporary)
            raise
        locked = _lock(descriptor)
        if locked and temporary.exists():
            return temporary, descriptor
        os.close(descriptor)
        if locked is None:
            return temporary, None
        _writing.discard(temporary)  # somebody took it for an orphan before it was locked


@lru_cache
def _remove_orphans(folder: Path) -> None:
    """Remove what killed processes have left half-written in `folder`; this process looks once."""
    for path in _temporary_files(folder):
        with suppress(OSError):
            if _is_orphan(path, OLD):
                path.unlink(missing_ok=True)


def _temporary_files(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [Path(entry.path) for entry in entries if TEMPORARY.fullmatch(entry.name)]
    except OSError:
        return []


def _is_orphan(path: Path, age: float) -> bool:
    """Whether nobody writes `path`; where locks do not tell, it is one from so many seconds on."""
    if not LOCKED.fullmatch(path.name):
        return time.time() - path.lstat().st_mtime >= age
    try:
        descriptor = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except OSError:  # a link, or one of another user's
        return time.time() - path.lstat().st_mtime > age
    try:
        locked = _lock(descriptor)
        return bool(time.time() - path.stat().st_mtime >= age) if locked is None else locked
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool | None:
    """Lock an open file; False where another has, None where the system has no such locks."""
    if SET_LOCK is None or sys.maxsize < 2**32:
        return None
    whole_file = struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)  # struct flock of 64 bit Linux
    try:
        fcntl.fcntl(descriptor, SET_LOCK, whole_file)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return None
    return True
