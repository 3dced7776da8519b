"""How the process gets its memory from the system."""

import ctypes
import sys


def keep_freed_memory() -> None:
    """Let the process keep memory that it frees, to use it again in the next step.

    glibc hands large blocks back to the system at once, and getting them anew, page by page, takes a third of a
    training step. Other systems have no such setting, and need none.
    """
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallopt"):
        trim_threshold, mmap_max = -1, -4  # names of options in malloc.h
        library.mallopt(trim_threshold, 2**31 - 1)
        library.mallopt(mmap_max, 0)
