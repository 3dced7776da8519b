"""Which processes work in a folder, and a lock for what only one of them may do at a time.

Both are locks of the operating system: it lets go of them when a process ends, however it ends.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout


def only_one(folder: Path) -> FileLock:
    """A lock that one process at a time can hold (`with only_one(folder):`)."""
    return FileLock(folder / "lock")


@contextmanager
def at_work(folder: Path) -> Iterator[str]:
    """A name for this process, which counts as alive until the context ends or the process dies."""
    name = uuid4().hex
    path = _path(folder, name)
    try:
        with FileLock(path):
            yield name
    finally:
        with suppress(PermissionError):  # Windows, while another process looks whether we are alive
            path.unlink(missing_ok=True)


def is_alive(folder: Path, name: str) -> bool:
    """Whether the process with this `name` is still alive."""
    path = _path(folder, name)
    if not path.exists():
        return False
    try:
        with FileLock(path).acquire(timeout=0):
            pass
    except Timeout:
        return True
    path.unlink(missing_ok=True)
    return False


def _path(folder: Path, name: str) -> Path:
    return folder / f"{name}.worker"
