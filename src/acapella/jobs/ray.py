"""Execute jobs on the machines of a Ray cluster. Only this file and `ray_tasks.py` know Ray.

An actor is a process on one of them that keeps its models open, and has one song at a time: when it dies, it is plain
which song that was. Songs and stems go by their addresses; no audio goes through Ray.
"""

import os
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any

from acapella.errors import AcapellaError, MissingExtraError, UsageError
from acapella.jobs.actor import Actor
from acapella.jobs.events import Cancelled, End, Failed, Started
from acapella.jobs.executor import Executor, Listener
from acapella.jobs.job import Job, ModelChoice
from acapella.jobs.local import OpenIsolator
from acapella.jobs.model_files import ModelFiles
from acapella.jobs.pool import ActorPool, Kind, Member
from acapella.whole_files import remove_leftovers

try:
    import ray
    from ray.exceptions import NodeDiedError, OutOfMemoryError, RayActorError, RayError, WorkerCrashedError
except ModuleNotFoundError as error:
    raise MissingExtraError("A cluster", "cluster") from error

LOCAL = "local"  # a cluster of this machine alone, for as long as the executor is open
TRIES = 3  # for a song whose worker dies
POLL = 1.0  # seconds after which nodes that have come or gone are looked for
GRACE = 10.0  # seconds that songs have to clear away when all is interrupted
DEATHS = (RayActorError, WorkerCrashedError, NodeDiedError, OutOfMemoryError)


@dataclass(frozen=True)
class _Attempt:
    """A job with an actor that executes it, for the first time or after others have died."""

    job: Job
    tries: int = 1
    actor: Member | None = None


Running = dict[Any, _Attempt]  # by the reference to their results


class RayExecutor(Executor):
    """Actors of so many `cores` each on the cluster at `address` ("local": one of this machine alone).

    There are as many `actors` as asked for, which makes a cluster that scales itself grow, or by default as many as its
    nodes have room for, whenever some come or go: one on each GPU and, unless `gpus_only`, the others on CPUs. A song
    whose actor dies, alone or with its node, is tried again elsewhere, three times in all; it costs no other song.
    No progress within a song is told. Paths of songs must mean the same on all nodes; model files are sent there.
    """

    def __init__(
        self,
        address: str = LOCAL,
        *,
        actors: int | None = None,
        cores: int = 1,
        gpus_only: bool = False,
        open_isolator: OpenIsolator = ModelChoice.open,
    ) -> None:
        self._owns_connection = connect(address)
        self._pool = ActorPool(_Starter(cores, gpus_only, open_isolator), actors)
        self._files = ModelFiles(ray.put, ray.get)
        self._cancelled: set[str] = set()
        self._running: dict[str, Member] = {}  # by the id of their job
        self._lock = Lock()  # of the two above

    def run(self, jobs: Iterable[Job], listen: Listener) -> None:
        """As the protocol says."""
        waiting, again = (_Attempt(job) for job in jobs), deque[_Attempt]()
        running: Running = {}
        try:
            while self._begin(waiting, again, running, listen):
                starting = self._pool.starting
                if running or starting:
                    ended, _ = ray.wait([*running, *starting], timeout=POLL if running else POLL / 20)
                    for reference in [reference for reference in ended if reference in running]:
                        self._hear(reference, running, again, listen)
                else:
                    time.sleep(POLL / 20)  # all actors are another thread's
        finally:
            self._interrupt(running)

    def cancel(self, job_id: str) -> None:
        """As the protocol says."""
        with self._lock:
            self._cancelled.add(job_id)
            if actor := self._running.get(job_id):
                _cancel(actor, job_id)

    def close(self) -> None:
        """End the actors, and the connection if it was made here."""
        self._pool.close()
        if self._owns_connection:
            ray.shutdown()

    def _begin(self, waiting: Iterator[_Attempt], again: deque[_Attempt], running: Running, listen: Listener) -> bool:
        """Give jobs to idle actors as long as there are both; whether there is anything to wait for then."""
        while actor := self._pool.take():
            attempt = again.popleft() if again else next(waiting, None)
            if attempt is None:
                self._pool.give(actor)
                return bool(running)
            job = attempt.job
            if not self._claim(job, actor):
                self._pool.give(actor)
                listen(Cancelled(job))
                continue
            reference = actor.handle.execute.remote(job, self._files.of(job))
            running[reference] = replace(attempt, actor=actor)
            if attempt.tries == 1:
                listen(Started(job))
        return True

    def _claim(self, job: Job, actor: Member) -> bool:
        """Note that `actor` has `job`; False where that was cancelled before."""
        with self._lock:
            if job.id in self._cancelled:
                self._cancelled.discard(job.id)
                return False
            self._running[job.id] = actor
            return True

    def _release(self, job: Job) -> bool:
        """Note that `job` is with no actor any more; whether it was to be cancelled."""
        with self._lock:
            del self._running[job.id]
            return job.id in self._cancelled

    def _hear(self, reference: Any, running: Running, again: deque[_Attempt], listen: Listener) -> None:
        """Pass on how a job has ended; where its actor has died, let it be done again."""
        attempt = running.pop(reference)
        job, actor = attempt.job, attempt.actor
        assert actor is not None
        was_cancelled = self._release(job)
        try:
            end: End = replace(ray.get(reference), job=job)
        except DEATHS as error:
            self._lose(actor, job)
            if attempt.tries < TRIES and not was_cancelled:
                again.append(replace(attempt, tries=attempt.tries + 1, actor=None))
                return
            end = Cancelled(job) if was_cancelled else _death(job, error)
        except RayError as error:
            self._lose(actor, job)
            end = Failed(job, AcapellaError(f"{job.song}: {first_line(error)}."))
        else:
            self._pool.give(actor)
        with self._lock:
            self._cancelled.discard(job.id)
        listen(end)

    def _lose(self, actor: Member, job: Job) -> None:
        """Do without an actor, and remove what it has left half-written."""
        self._pool.lose(actor)
        for path in job.files:
            if isinstance(path, Path):
                remove_leftovers(path)

    def _interrupt(self, running: Running) -> None:
        """End what is running, where an exception has left it so."""
        if not running:
            return
        for attempt in running.values():
            assert attempt.actor is not None
            _cancel(attempt.actor, attempt.job.id)
        ended, _ = ray.wait(list(running), num_returns=len(running), timeout=GRACE)
        for reference, attempt in running.items():
            assert attempt.actor is not None
            self._release(attempt.job)
            if reference in ended:
                self._pool.give(attempt.actor)
            else:
                self._lose(attempt.actor, attempt.job)


class _Starter:
    """Starts and ends the actors of a pool."""

    def __init__(self, cores: int, gpus_only: bool, open_isolator: OpenIsolator) -> None:
        self._cores = cores
        self._gpus_only = gpus_only
        self._open = open_isolator
        self._class = ray.remote(concurrency_groups={"control": 1})(Actor)

    def start(self, kind: Kind) -> tuple[Any, Any]:
        """An actor, and the reference to its version, which is there when it has started."""
        options = {"num_cpus": self._cores, "num_gpus": 1 if kind == "gpu" else 0, "max_restarts": 0}
        handle = self._class.options(**options).remote(self._cores, kind == "gpu", self._open)
        return handle, handle.version.remote()

    def end(self, handle: Any) -> None:
        """End an actor, whatever it does."""
        ray.kill(handle)

    def started(self, references: Sequence[Any]) -> Sequence[Any]:
        """Those of the `references` that are there."""
        found: list[Any] = ray.wait(list(references), num_returns=len(references), timeout=0)[0]
        return found

    def version(self, reference: Any) -> str:
        """What `start` refers to; AcapellaError where the actor has died instead."""
        try:
            version: str = ray.get(reference)
        except RayError as error:
            raise AcapellaError(f"A node of the cluster cannot start a worker ({first_line(error)}).") from error
        return version

    def room(self) -> dict[Kind, int]:
        """How many actors of each kind that is wanted the nodes have room for."""
        room: dict[Kind, int] = {"gpu": 0} if self._gpus_only else {"gpu": 0, "cpu": 0}
        for node in ray.nodes():
            if node["Alive"]:
                actors = int(node["Resources"].get("CPU", 0) // self._cores)
                on_gpus = min(actors, int(node["Resources"].get("GPU", 0)))
                room["gpu"] += on_gpus
                if "cpu" in room:
                    room["cpu"] += actors - on_gpus
        return room


def connect(address: str) -> bool:
    """Connect to a cluster, if there is no connection yet; whether it was made here."""
    if ray.is_initialized():
        return False
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to others
    options: dict[str, Any] = {"include_dashboard": False} if address == LOCAL else {}
    try:
        ray.init(address, log_to_driver=False, logging_level="ERROR", **options)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise UsageError(f"cluster={address!r} cannot be reached ({first_line(error)}).", "cluster") from error
    return True


def _cancel(actor: Member, job_id: str) -> None:
    actor.handle.cancel.options(concurrency_group="control").remote(job_id)


def _death(job: Job, error: RayError) -> Failed:
    text = str(error)
    if "node has died" in text or "node died" in text:
        reason = "the last time with its node"
    elif isinstance(error, OutOfMemoryError) or "OutOfMemory" in text:
        reason = "memory was short: give each more cores"
    else:
        reason = "it may be this song that kills it"
    return Failed(job, AcapellaError(f"{job.song}: its worker died {TRIES} times; {reason}."))


def first_line(error: BaseException) -> str:
    """What an error of Ray says, without the pages that follow."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
