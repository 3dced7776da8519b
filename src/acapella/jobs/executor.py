"""The protocol of executors: jobs in, events out."""

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Protocol, Self

from acapella.jobs.events import Event
from acapella.jobs.job import Job

Listener = Callable[[Event], object]


class Executor(Protocol):
    """Where jobs are executed: in this process, in several, or on a cluster. A context manager that closes it.

    `run` may be called from several threads at once: a server that takes jobs as they come calls it with one job.
    """

    def run(self, jobs: Iterable[Job], listen: Listener) -> None:
        """Execute `jobs`, and return when all have ended; one that fails does not keep the others from it.

        Each is taken from `jobs` when it is about to begin. Events go to `listen`, in the calling thread; those of jobs
        that run at the same time are mixed. An exception, Ctrl-C among them, ends what is running and leaves nothing
        half-written.
        """

    def cancel(self, job_id: str) -> None:
        """End a job that runs; one that has not begun will not begin. May be called from any thread."""

    def close(self) -> None:
        """Let go of models and processes."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
