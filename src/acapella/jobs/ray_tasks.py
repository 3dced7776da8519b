"""Call functions on the machines of a Ray cluster, one machine's cores or GPU for each call."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from acapella.errors import ProcessDiedError
from acapella.jobs.model_files import ModelFiles
from acapella.jobs.ray import LOCAL, TRIES, connect, first_line  # first: it says what is missing

import ray  # isort: skip
import ray.util  # isort: skip
from ray.exceptions import RayError, RayTaskError, TaskCancelledError  # isort: skip
from ray.util.queue import Queue  # isort: skip

Given = ParamSpec("Given")
Item = TypeVar("Item")
Returned = TypeVar("Returned")


class RayTasks:
    """Calls of functions on the cluster at `address`, each with so many `cores` and (`gpus`) a GPU where there are any.

    A call whose node dies is made again elsewhere, three times in all. A context manager that closes the connection;
    several threads may call at the same time.
    """

    def __init__(self, address: str = LOCAL, *, cores: int = 1, gpus: bool = True) -> None:
        self._owns_connection = connect(address)
        self._cores = cores
        self._under_way: set[Any] = set()
        self._lock = Lock()
        resources = ray.cluster_resources()
        self._gpus = min(1, int(resources.get("GPU", 0))) if gpus else 0
        self.model_files = ModelFiles(ray.put, ray.get)
        self.room = max(1, int(resources["GPU"] if self._gpus else resources.get("CPU", 0) // cores))  # calls at a time

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._owns_connection:
            ray.shutdown()

    @property
    def address(self) -> str:
        """Of this machine, as the others know it."""
        return str(ray.util.get_node_ip_address())

    def queue(self) -> Queue:
        """A queue that can be handed to calls, for what they tell while they run."""
        return Queue(actor_options={"num_cpus": 0})

    def call(self, function: Callable[Given, Returned], *args: Given.args, **kwargs: Given.kwargs) -> Returned:
        """What `function` returns or raises there; KeyboardInterrupt where it was cancelled."""
        return self._call(TRIES, function, *args, **kwargs)

    def call_once(self, function: Callable[Given, Returned], *args: Given.args, **kwargs: Given.kwargs) -> Returned:
        """As `call`, but a ProcessDiedError where its worker dies once."""
        return self._call(1, function, *args, **kwargs)

    def map(
        self, function: Callable[[Item], Returned], items: Iterable[Item], at_once: int | None = None
    ) -> Iterator[Returned]:
        """What `function` returns for each of the `items`, in their order; in the folder that is the current one here.

        `at_once` calls are there at a time, None: one that waits for each that runs. All are cancelled where the
        iterator is closed.
        """
        task = ray.remote(num_cpus=self._cores, num_gpus=self._gpus, max_retries=TRIES - 1)(_apply)
        shared, folder, pending = ray.put(function), Path.cwd(), deque[Any]()
        try:
            for item in items:
                if len(pending) >= (at_once or 2 * self.room):
                    yield self._result(pending.popleft())
                pending.append(task.remote(shared, folder, item))
            while pending:
                yield self._result(pending.popleft())
        finally:
            for reference in pending:
                ray.cancel(reference)

    def _call(
        self, tries: int, function: Callable[Given, Returned], *args: Given.args, **kwargs: Given.kwargs
    ) -> Returned:
        task = ray.remote(num_cpus=self._cores, num_gpus=self._gpus, max_retries=tries - 1)(function)
        with self._lock:
            reference = task.remote(*args, **kwargs)
            self._under_way.add(reference)
        try:
            returned: Returned = self._result(reference, tries)
        finally:
            with self._lock:
                self._under_way.discard(reference)
        return returned

    def _result(self, reference: Any, tries: int = TRIES) -> Any:
        try:
            return ray.get(reference)
        except TaskCancelledError:
            raise KeyboardInterrupt from None
        except RayTaskError as error:
            raise error.cause from error
        except RayError as error:
            often = f"{tries} times" if tries > 1 else "once"
            raise ProcessDiedError(f"Its worker died {often} ({first_line(error)}).") from error

    def interrupt(self) -> None:
        """Interrupt all calls that are under way, as Ctrl-C would."""
        with self._lock:
            for reference in self._under_way:
                ray.cancel(reference)


def _apply(function: Callable[[Item], Returned], folder: Path, item: Item) -> Returned:
    """There."""
    os.chdir(folder)
    return function(item)
