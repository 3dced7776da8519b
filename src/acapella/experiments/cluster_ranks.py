"""Train one network on several machines of a Ray cluster: a task for each rank, told what it is as by torchrun.

LOG_BASE and the corpus must mean the same on all machines.
"""

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from acapella.errors import ProcessDiedError, UsageError
from acapella.jobs.ray import TRIES
from acapella.jobs.ray_tasks import RayTasks
from acapella.training.events import TrainingListener, ignore
from acapella.training.launching import GRACE, Body, cause, meeting_point, rank_variables
from acapella.training.questions import NobodyThere, Questions
from acapella.training.ranks import joined_ranks

LOOK_EVERY = 0.2  # seconds between looks for what the first rank has told
T = TypeVar("T")


class RayLauncher:
    """A Launcher on a cluster. Ranks whose machine dies begin again, all of them, where the training was saved last."""

    def __init__(self, tasks: RayTasks) -> None:
        self._tasks = tasks

    def __call__(self, body: Body[T], devices: int, nodes: int, listen: TrainingListener, questions: Questions) -> T:
        """As the protocol says; nobody is asked."""
        count = devices * nodes
        if count > self._tasks.room:
            raise UsageError(
                f"DEVICES × NODES is {count}, and the cluster has room for {self._tasks.room}: choose fewer, or fewer "
                "cores for each.",
                "cluster",
            )
        for attempt in range(TRIES):
            try:
                return self._launch(body, count, listen, again=attempt > 0)
            except ProcessDiedError:
                if attempt == TRIES - 1:
                    raise
        raise AssertionError

    def _launch(self, body: Body[T], count: int, listen: TrainingListener, *, again: bool) -> T:
        store, told = meeting_point(self._tasks.address), self._tasks.queue()
        with ThreadPoolExecutor(count) as threads:
            ranks: list[Future[T]] = [
                threads.submit(
                    self._tasks.call_once,
                    _on_rank,
                    body,
                    Path.cwd(),
                    rank_variables(number, count, 1, store.port, self._tasks.address),
                    told,
                    again=again,
                )
                for number in range(count)
            ]
            try:
                waiting = set(ranks)
                while waiting and not any(rank.done() and rank.exception() for rank in ranks):
                    _, waiting = wait(waiting, LOOK_EVERY, FIRST_EXCEPTION)
                    _pass_on(told, listen)
            finally:
                wait(ranks, 0 if all(rank.done() for rank in ranks) else GRACE)
                self._tasks.interrupt()
        told.shutdown()
        errors = [error for rank in ranks if (error := rank.exception())]
        if errors:
            raise cause(errors)
        return ranks[0].result()


def _pass_on(told: Any, listen: TrainingListener) -> None:
    for event in told.get_nowait_batch(told.qsize()):
        listen(event)


def _on_rank(body: Body[T], folder: Path, variables: Mapping[str, str], told: Any, *, again: bool) -> T:
    """On the other machine, in the same folder: relative paths mean what they mean here."""
    os.chdir(folder)
    listen = told.put if variables["RANK"] == "0" else ignore
    with _environment(variables), joined_ranks():
        return body(listen=listen, questions=NobodyThere(), again=again)


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables for a while: the process does other tasks afterwards."""
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            del os.environ[name]
