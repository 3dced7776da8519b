"""Settings of the process: how it gets memory, and when Python searches for garbage.

The settings of glibc exist on Linux only; other systems have none, and need none.
"""

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from acapella.errors import AcapellaError

LEAST = 400 << 20  # bytes of address space: numpy, SciPy and ONNX Runtime take 300 MB
TRIM_THRESHOLD, MMAP_MAX, ARENA_MAX = -1, -4, -8  # M_TRIM_THRESHOLD and so on in malloc.h


def keep_freed_memory() -> None:
    """Keep freed memory in the process, to be used again in the next step.

    glibc returns large blocks to the system at once; getting them again, page by page, takes a third of a training
    step.
    """
    _set({TRIM_THRESHOLD: 2**31 - 1, MMAP_MAX: 0})


def share_freed_memory() -> None:
    """Let all threads of the process take memory from one arena, so that one uses again what another has freed.

    By default glibc gives each thread an arena of its own: a tenth more memory in all for a separation.
    """
    _set({ARENA_MAX: 1})


def check_address_space() -> None:
    """AcapellaError where the system lets the process have so little that the libraries do not find place.

    They would not say so: OpenBLAS tries for ever, and others abort the process.
    """
    try:
        import resource
    except ImportError:  # Windows
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < LEAST:
        raise AcapellaError(f"The limit of memory (ulimit -v) is {limit >> 20} MB, and {LEAST >> 20} are the least.")


@contextmanager
def paused_garbage_collection() -> Iterator[None]:
    """Switch Python's garbage collector off, for the import of modules, and exempt what there is then from it.

    Modules and their functions live as long as the process: searching them for garbage costs time and finds none.
    """
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
