"""Search on a cluster: its runs are trained on other machines, several at once on one study.

Each of several threads here takes part in the search as a process of its own would, and waits while a machine trains
its run. So all that holds for processes that share a search holds here: what is interrupted goes on, what has failed is
recorded and tried again next time. LOG_BASE and the corpus must mean the same on all machines.
"""

import os
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Barrier, BrokenBarrierError, Event, Lock

from acapella.experiments.events import RunFailed, RunStarted, SearchEvent, SearchListener
from acapella.experiments.grid import Grid
from acapella.experiments.search import Options, SearchState, Train, search
from acapella.experiments.training_run import TrainedRun, train_or_resume
from acapella.jobs.ray_tasks import RayTasks
from acapella.settings import Settings
from acapella.training.events import TrainingListener, ignore


def search_on_cluster(
    grid: Grid,
    options: Options,
    listen: SearchListener,
    tasks: RayTasks,
    *,
    sampler: str = "grid",
    trials: int = 0,
    at_once: int | None = None,
    train: Train = train_or_resume,
) -> SearchState:
    """As `search`, with `at_once` runs at the same time, None: as many as the cluster has room for now.

    `listen` is told when runs begin and fail, by one thread at a time; their epochs are in their run folders.
    """
    number = at_once or tasks.room
    lock, stopped, begin = Lock(), Event(), Barrier(number)

    def tell(event: SearchEvent) -> None:
        if isinstance(event, RunStarted | RunFailed):
            with lock:
                listen(event)

    def train_there(settings: Settings, listen: TrainingListener, *, name: str) -> TrainedRun:
        if stopped.is_set():
            raise KeyboardInterrupt
        return tasks.call(_train, train, Path.cwd(), settings, name)

    take_part = partial(search, grid, options, train_there, tell, sampler=sampler, trials=trials)
    with ThreadPoolExecutor(number) as threads:
        parts = [threads.submit(_take_part, take_part, begin) for _ in range(number)]
        try:
            return _last(parts)
        except BaseException:
            stopped.set()
            tasks.interrupt()
            raise


def _take_part(search: Callable[..., SearchState], begin: Barrier) -> SearchState:
    """Search once all parts have opened the record: what fails in one of them is then new to all."""

    def wait_for_others() -> None:
        with suppress(BrokenBarrierError):  # one of them cannot begin, which ends the search
            begin.wait()

    try:
        return search(wait_for_others=wait_for_others)
    except BaseException:
        begin.abort()
        raise


def _last(parts: list["Future[SearchState]"]) -> SearchState:
    """The state when the last part has ended; the exception of the first that has ended with one."""
    ended, _ = wait(parts, return_when=FIRST_EXCEPTION)
    for part in ended:
        part.result()
    return max((part.result() for part in parts), key=_number_done)


def _number_done(state: SearchState) -> int:
    return sum(not result.failure for result in state.search.results)


def _train(train: Train, folder: Path, settings: Settings, name: str) -> TrainedRun:
    """On the other machine, in the same folder: relative paths mean what they mean here."""
    os.chdir(folder)
    return train(settings, ignore, name=name)
