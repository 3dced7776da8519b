"""Execute several jobs at the same time, in processes that each open the model once."""

import os
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection, wait
from pathlib import Path
from threading import Lock

from acapella.errors import ProcessDiedError
from acapella.jobs.events import Cancelled, Failed, Progressed, Started
from acapella.jobs.executor import Executor, Listener
from acapella.jobs.job import Job
from acapella.jobs.limits import NO_LIMITS, Limits, died_of
from acapella.jobs.worker import Worker
from acapella.whole_files import remove_leftovers

Running = dict[Connection, Worker]  # by their links


class ProcessExecutor(Executor):
    """So many `processes` at a time for each call of `run`; they are kept for the next jobs until `close`.

    Each computes with so many `threads`, by default its share of the cores, and within `limits`. A song that kills its
    process costs no other song.
    """

    def __init__(self, processes: int, threads: int | None = None, limits: Limits = NO_LIMITS) -> None:
        self._limits = limits
        self._processes = processes
        self._threads = max(1, _cores() // processes) if threads is None else threads
        self._idle: list[Worker] = []
        self._running: dict[str, Worker] = {}  # by the id of their job
        self._cancelled: set[str] = set()
        self._lock = Lock()  # of the three above

    def run(self, jobs: Iterable[Job], listen: Listener) -> None:
        """As the protocol says."""
        waiting = iter(jobs)
        running: Running = {}
        try:
            while self._begin(waiting, running, listen):
                ready = wait(list(running))
                for worker in [worker for link, worker in running.items() if link in ready]:
                    self._hear(worker, running, listen)
        finally:
            self._interrupt(running)

    def cancel(self, job_id: str) -> None:
        """As the protocol says; the process of the job ends with it."""
        with self._lock:
            self._cancelled.add(job_id)
            if worker := self._running.get(job_id):
                worker.interrupt()

    def close(self) -> None:
        """End the processes, which must have nothing to do any more."""
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.end()

    def _begin(self, waiting: Iterator[Job], running: Running, listen: Listener) -> bool:
        """Give jobs to workers as long as there are both; whether any runs then."""
        while len(running) < self._processes and (job := next(waiting, None)):
            if worker := self._worker(job):
                running[worker.link] = worker
            else:
                listen(Cancelled(job))
        return bool(running)

    def _worker(self, job: Job) -> Worker | None:
        """A worker that has begun with `job`; None where that was cancelled before."""
        with self._lock:
            if job.id in self._cancelled:
                self._cancelled.discard(job.id)
                return None
            while self._idle and not self._idle[-1].is_usable:
                self._idle.pop().end()
            worker = self._running[job.id] = self._idle.pop() if self._idle else Worker(self._threads, self._limits)
            worker.begin(job)
            return worker

    def _hear(self, worker: Worker, running: Running, listen: Listener) -> None:
        """Pass on what a worker has to say; when its job has ended it is idle, or is no more."""
        job, event = worker.job, worker.receive()
        assert job is not None
        if isinstance(event, Started | Progressed):
            listen(event)
            return
        del running[worker.link]
        was_cancelled = self._release(job)
        if event is None:
            exit_code = _end(worker, job)
            event = Cancelled(job) if was_cancelled else _death(job, exit_code)
        if worker.is_usable:
            with self._lock:
                self._idle.append(worker)
        else:
            worker.end()
        listen(event)

    def _release(self, job: Job) -> bool:
        """Note that `job` has ended, so that its worker is interrupted no more; whether it was to be cancelled."""
        with self._lock:
            del self._running[job.id]
            was_cancelled = job.id in self._cancelled
            self._cancelled.discard(job.id)
            return was_cancelled

    def _interrupt(self, running: Running) -> None:
        """End what is running, where an exception has left it so."""
        for worker in running.values():
            worker.interrupt()
        for worker in running.values():
            assert worker.job is not None
            _end(worker, worker.job)
            self._release(worker.job)


def _end(worker: Worker, job: Job) -> int | None:
    """Wait for a process that dies over a job, and remove what it has left half-written; returns its exit code."""
    exit_code = worker.end()
    for path in job.files:
        if isinstance(path, Path):
            remove_leftovers(path)
    return exit_code


def _death(job: Job, exit_code: int | None) -> Failed:
    reason = died_of(exit_code) or f"its process died ({exit_code}); where memory was short, run fewer at a time."
    return Failed(job, ProcessDiedError(f"{job.song}: {reason}"))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
