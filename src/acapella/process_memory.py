"""How the process gets its memory, and how Python searches it for garbage.

The settings of glibc exist on Linux only; other systems have none, and need none.
"""

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

TRIM_THRESHOLD, MMAP_MAX, ARENA_MAX = -1, -4, -8  # names of options in malloc.h


def keep_freed_memory() -> None:
    """Let the process keep memory that it frees, to use it again in the next step.

    glibc hands large blocks back to the system at once, and getting them anew, page by page, takes a third of a
    training step.
    """
    _set({TRIM_THRESHOLD: 2**31 - 1, MMAP_MAX: 0})


def share_freed_memory() -> None:
    """Let threads use memory that others have freed. glibc gives each its own, a tenth more in all for a separation."""
    _set({ARENA_MAX: 1})


@contextmanager
def paused_garbage_collection() -> Iterator[None]:
    """Spare Python the search for garbage while modules are imported: nothing of theirs is any, now or later."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _set(options: dict[int, int]) -> None:
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallopt"):
        for option, value in options.items():
            library.mallopt(option, value)
