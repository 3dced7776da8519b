"""Limits on what a model file may take of the machine: processor time and memory."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

LOOK_EVERY = 0.5  # seconds between two looks at the clock
BASE = 8.0  # seconds of processor time for anything
FOR_A_MEGABYTE = 1.0  # more for each of the model file
FOR_A_MILLION = 20.0  # more for a million numbers that go in
MEMORY_SHARE = 0.75  # of the machine's memory
USUAL_MEMORY = 8 << 30  # bytes, where the system does not say how much there is


def longest_step(file_bytes: int, numbers: int = 0) -> float:
    """Seconds of processor time for opening a model file of so many bytes, or for one step with so many `numbers`.

    Large networks on slow processors take a tenth of it. Time of the processor, not of the clock: a busy machine, or
    one that sleeps in between, makes nothing too slow.
    """
    return BASE + FOR_A_MEGABYTE * file_bytes / 1e6 + FOR_A_MILLION * numbers / 1e6


def most_memory() -> int:
    """Bytes that networks may take at once."""
    try:
        return int(MEMORY_SHARE * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):  # AttributeError: Windows
        return USUAL_MEMORY


class Watch:
    """Whether the time has `expired`."""

    expired = False


@contextmanager
def watched(seconds: float, stop: Callable[[], object]) -> Iterator[Watch]:
    """Call `stop`, from another thread, once the process has computed for `seconds` in this context."""
    watch, ended, begun = Watch(), Event(), time.process_time()

    def look() -> None:
        while not ended.wait(LOOK_EVERY):
            if time.process_time() - begun > seconds:
                watch.expired = True
                stop()
                return

    with suppress(RuntimeError):  # no more threads to be had: then nobody looks
        Thread(target=look, daemon=True, name="acapella-watch").start()
    try:
        yield watch
    finally:
        ended.set()
