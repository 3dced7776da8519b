"""Execute jobs in this process."""

from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from acapella.jobs.execution import execute
from acapella.jobs.executor import Executor, Listener
from acapella.jobs.job import Job, ModelChoice

if TYPE_CHECKING:
    from acapella.isolation.isolator import Isolator

OpenIsolator = Callable[[ModelChoice, int], "Isolator"]  # with so many threads
MODELS_KEPT = 2  # open at the same time


class LocalExecutor(Executor):
    """One job after the other, in the thread that calls `run`; models stay open from one job to the next.

    Each model computes with so many `threads`, 0: one for each core. A job that is cancelled ends at its next progress.
    """

    def __init__(self, threads: int = 0, open_isolator: OpenIsolator = ModelChoice.open) -> None:
        self._threads = threads
        self._open = lru_cache(MODELS_KEPT)(open_isolator)
        self._cancelled: set[str] = set()

    def isolator(self, model: ModelChoice) -> "Isolator":
        """The model, open for the jobs that come."""
        return self._open(model, self._threads)

    def run(self, jobs: Iterable[Job], listen: Listener) -> None:
        """As the protocol says."""
        for job in jobs:
            execute(job, partial(self.isolator, job.model), listen, partial(self._is_cancelled, job.id))
            self._cancelled.discard(job.id)

    def cancel(self, job_id: str) -> None:
        """As the protocol says."""
        self._cancelled.add(job_id)

    def close(self) -> None:
        """Let go of the models."""
        self._open.cache_clear()

    def _is_cancelled(self, job_id: str) -> bool:
        return job_id in self._cancelled
