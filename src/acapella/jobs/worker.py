"""A process that executes jobs, one after the other."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection
from threading import Thread
from traceback import format_exception
from typing import TYPE_CHECKING

from acapella.jobs.events import Event, Failed
from acapella.jobs.job import Job, ModelChoice
from acapella.jobs.limits import NO_LIMITS, Limits
from acapella.jobs.local import LocalExecutor, OpenIsolator
from acapella.process_memory import paused_garbage_collection, share_freed_memory

if TYPE_CHECKING:
    from acapella.isolation.isolator import Isolator

HAS_MASKS = hasattr(signal, "pthread_sigmask")  # Windows has none
GRACE = 10.0  # seconds in which a worker notices by itself that its parent has died, and clears away


class Worker:
    """The process, seen from the one that started it: jobs go through `link`, and their events come back."""

    def __init__(self, threads: int, limits: Limits = NO_LIMITS) -> None:
        context = get_context("spawn")  # a fork would copy locks that other threads hold
        self.link, far_end = context.Pipe()
        self.job: Job | None = None  # the one that it has begun last
        self.is_interrupted = False  # it ends, though perhaps after another event
        self._process = context.Process(target=serve, args=(far_end, threads, limits), daemon=True)
        with _interrupts_blocked():  # the process inherits this, and is interrupted only once it can clear away
            self._process.start()
        far_end.close()  # so that the link ends when the process does

    @property
    def is_usable(self) -> bool:
        """Whether it can take another job."""
        return self._process.is_alive() and not self.is_interrupted

    def begin(self, job: Job) -> None:
        """Let it execute `job`; it must have ended the one before."""
        self.job = job
        with suppress(ConnectionError):  # it has died, which `receive` will say
            self.link.send(job)

    def receive(self) -> Event | None:
        """The next event of its job; None where the process has died over it."""
        try:
            event: Event = self.link.recv()
        except (EOFError, OSError):  # OSError: an event that breaks off
            return None
        return event

    def interrupt(self) -> None:
        """End it in the middle of a job; where the system lets it (not Windows), it clears away itself."""
        self.is_interrupted = True
        if self._process.pid and os.name == "posix":
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGINT)
        else:
            self._process.terminate()

    def end(self) -> int | None:
        """Let it finish; returns its exit code."""
        self.link.close()
        self._process.join()
        return self._process.exitcode


def _open(model: ModelChoice, threads: int) -> "Isolator":
    with paused_garbage_collection():  # most of the time are imports
        return model.open(threads)


def serve(link: Connection, threads: int, limits: Limits, open_isolator: OpenIsolator = _open) -> None:
    """In the process itself: execute what comes through `link` until it is closed."""
    limits.hold_memory()
    Thread(target=_end_with_parent, name="parent", daemon=True).start()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    share_freed_memory()

    def send(event: Event) -> None:
        if isinstance(event, Failed):  # pickled, it would lose its traceback
            event.error.add_note("".join(format_exception(event.error)))
        link.send(event)

    with LocalExecutor(threads, open_isolator) as executor, suppress(EOFError, ConnectionError, KeyboardInterrupt):
        if HAS_MASKS:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        while True:
            job = link.recv()
            limits.allow_cpu()
            executor.run([job], send)


def _end_with_parent() -> None:
    """End this process when the one that started it has died, even where the song has nothing to say for long."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        time.sleep(GRACE)
        os._exit(1)


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    if not HAS_MASKS:
        yield
        return
    resource_tracker.ensure_running()  # with the first process it would start in here, and let signals through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _interrupt(*_: object) -> None:
    """Be interrupted once. A Ctrl-C reaches all processes, and this one again from the first, while it clears away."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)  # not SIG_IGN: Python complains of one that is already waiting
    raise KeyboardInterrupt
