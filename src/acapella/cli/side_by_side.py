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
from signal import SIGINT, signal
from traceback import format_exc
from typing import TYPE_CHECKING

from rich.console import Console

from acapella.cli.console import Stopwatch, report, sentence
from acapella.cli.songs import STDOUT, How, announce, isolate, plan, say_done
from acapella.errors import AcapellaError, UsageError
from acapella.isolation.outputs import STDIN
from acapella.process_memory import paused_garbage_collection, share_freed_memory

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
        with paused_garbage_collection():
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

    def give(self, job: "Job") -> None:
        """Let it begin with `job`."""
        with suppress(ConnectionError):  # it has died, which its outcome will say
            self.link.send(job)

    def end(self) -> int | None:
        """Let it finish; how it ended."""
        self.link.close()
        self._process.join()
        return self._process.exitcode

    def interrupt(self) -> None:
        """End it in the middle of a song; it clears away what is half done, where the system lets it."""
        if self._process.pid and os.name == "posix":
            os.kill(self._process.pid, SIGINT)
        else:
            self._process.terminate()
        self.end()


def separate_side_by_side(files: Sequence[Path], engine: Engine, how: How, console: Console, processes: int) -> bool:
    """As `separate`, `processes` songs at the same time, which share the cores; False if any failed."""
    if STDIN in files or how.out_dir == STDOUT:
        raise UsageError("-j goes with files, not with standard input or output.")
    work = plan(files, how, console)
    announce(engine.open(), console)  # what is wrong with the model or its options is said here, once
    processes = max(1, min(processes, len(work.to_do)))
    threads = max(1, _cores() // processes)
    waiting = deque(work.to_do)
    at_work: dict[Connection, tuple[Worker, Job]] = {}

    def begin(worker: Worker) -> None:
        if not waiting:
            worker.end()
            return
        at_work[worker.link] = worker, waiting.popleft()
        worker.give(at_work[worker.link][1])

    done = 0
    try:
        while waiting and len(at_work) < processes:
            begin(Worker(engine, how, threads))
        while at_work:
            ready = wait(list(at_work))
            for link in [link for link in at_work if link in ready]:
                worker, job = at_work.pop(link)
                outcome = worker.outcome()
                if outcome:
                    done += _report(job, outcome, console)
                    begin(worker)
                    continue
                report(f"{job.song}: its process died ({worker.end()}); where memory was short, take a smaller -j.")
                if waiting:
                    begin(Worker(engine, how, threads))
    finally:
        for worker, _ in at_work.values():
            worker.interrupt()
    return work.report(done, console)


def _report(job: "Job", outcome: Outcome, console: Console) -> bool:
    """Say what became of `job`; whether it is done."""
    for remark in outcome.remarks:
        warnings.warn(remark, stacklevel=1)
    if outcome.error:
        report(outcome.error)
        return False
    say_done(job, outcome.took, console)
    return True


def _work(link: Connection, engine: Engine, how: How, threads: int) -> None:
    """Separate what comes through `link` until it is closed."""
    signal(SIGINT, _interrupt)
    share_freed_memory()
    isolator: Isolator | None = None
    with suppress(EOFError, ConnectionError, KeyboardInterrupt):
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


def _interrupt(*_: object) -> None:
    """Be interrupted once. A Ctrl-C reaches all processes, and this one again from the first, while it clears away."""
    signal(SIGINT, lambda *_: None)  # not SIG_IGN: Python complains of one that is already waiting
    raise KeyboardInterrupt


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
