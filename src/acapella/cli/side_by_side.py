"""Separate several songs at the same time, in processes that each open the model once."""

import os
import warnings
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from traceback import format_exc
from typing import TYPE_CHECKING

from rich.console import Console

from acapella.cli.console import Stopwatch, report, sentence
from acapella.cli.songs import STDOUT, How, isolate, plan, say_done
from acapella.errors import AcapellaError, UsageError
from acapella.isolation.outputs import STDIN
from acapella.memory import share_freed_memory

if TYPE_CHECKING:
    from acapella.isolation.isolator import Isolator
    from acapella.isolation.outputs import Job


@dataclass(frozen=True)
class Engine:
    """How to open the network."""

    model: str | None
    phase: str
    runtime: str

    def open(self, threads: int = 0) -> "Isolator":
        """The network, with so many threads; 0: one for each core."""
        from acapella.isolation.isolator import Isolator

        return Isolator.load(self.model, phase=self.phase, runtime=self.runtime, threads=threads)


@dataclass(frozen=True)
class Outcome:
    """What became of a song: how long it took, remarks on the way, and what went wrong, if anything did."""

    took: str = ""
    remarks: Sequence[str] = ()
    error: str | None = None


class Worker:
    """A process that separates one song after the other; through `link` come jobs, and their outcomes back."""

    def __init__(self, engine: Engine, how: How, threads: int) -> None:
        context = get_context("spawn")  # a fork would copy locks that other threads hold
        self.link, far_end = context.Pipe()
        self._process = context.Process(target=_work, args=(far_end, engine, how, threads), daemon=True)
        self._process.start()
        far_end.close()  # so that the link ends when the process does

    def outcome(self) -> Outcome | None:
        """Of the job that it had last; None where it has died over it."""
        try:
            outcome: Outcome = self.link.recv()
        except (EOFError, ConnectionError):
            return None
        return outcome

    def end(self) -> None:
        """Let it finish."""
        self.link.close()
        self._process.join()


def separate_side_by_side(files: Sequence[Path], engine: Engine, how: How, console: Console, processes: int) -> bool:
    """As `separate`, `processes` songs at the same time, which share the cores; False if any failed."""
    if STDIN in files or how.out_dir == STDOUT:
        raise UsageError("-j goes with files, not with standard input or output.")
    work = plan(files, how, console)
    threads = max(1, _cores() // processes)
    waiting = deque(work.to_do)
    at_work: dict[Connection, tuple[Worker, Job]] = {}

    def begin(worker: Worker) -> None:
        if not waiting:
            worker.end()
            return
        at_work[worker.link] = worker, waiting.popleft()
        worker.link.send(at_work[worker.link][1])

    done = 0
    try:
        for _ in range(min(processes, len(waiting))):
            begin(Worker(engine, how, threads))
        while at_work:
            ready = wait(list(at_work))
            for link in [link for link in at_work if link in ready]:
                worker, job = at_work.pop(link)
                outcome = worker.outcome()
                done += _report(job, outcome, console)
                if outcome is None:
                    worker.end()
                    worker = Worker(engine, how, threads)
                begin(worker)
    finally:
        for worker, _ in at_work.values():
            worker.end()
    return work.report(done, console)


def _report(job: "Job", outcome: Outcome | None, console: Console) -> bool:
    """Say what became of `job`; whether it is done."""
    if outcome is None:
        report(f"{job.song}: its process died; fewer at a time (-j) need less memory.")
        return False
    for remark in outcome.remarks:
        warnings.warn(remark, stacklevel=1)
    if outcome.error:
        report(outcome.error)
        return False
    say_done(job, outcome.took, console)
    return True


def _work(link: Connection, engine: Engine, how: How, threads: int) -> None:
    """Separate what comes through `link` until it is closed."""
    share_freed_memory()
    isolator: Isolator | None = None
    with suppress(EOFError, KeyboardInterrupt):
        while True:
            job, watch = link.recv(), Stopwatch()
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                error = None
                try:
                    isolator = isolator or engine.open(threads)
                    isolate(job, isolator, how)
                except (AcapellaError, OSError) as failure:
                    error = format_exc() if how.debug else sentence(failure)
            link.send(Outcome(str(watch), [str(each.message) for each in caught], error))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
