"""Start the ranks of a training, and speak for them: one process for each device.

What ranks are told is what torchrun tells, whoever starts them: there is one way to train in several processes.
"""

import os
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from traceback import format_exception
from types import FrameType
from typing import Any, Protocol, TypeVar

import torch
from torch.distributed import TCPStore  # type: ignore[attr-defined]

from acapella.errors import AcapellaError, SettingsError, TrainingError, UsageError
from acapella.training.events import TrainingListener, ignore
from acapella.training.questions import Questions
from acapella.training.ranks import PeerLostError, joined_ranks

GRACE = 3.0  # seconds in which the other ranks may say why one has failed
LOOPBACK = "127.0.0.1"
T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class Body(Protocol[T_co]):
    """What each rank does; it can be pickled."""

    def __call__(self, *, listen: TrainingListener, questions: Questions, again: bool = False) -> T_co:
        """Do it, or go on with it where ranks have died (`again`)."""


class Launcher(Protocol):
    """Starts ranks somewhere."""

    def __call__(self, body: Body[T], devices: int, nodes: int, listen: TrainingListener, questions: Questions) -> T:
        """What `body` returns on the first of the ranks, one for each of the `devices` of each of the `nodes`.

        What a rank raises ends the others and is raised here; of several errors the one that is nearest to the cause.
        """


def rank_variables(number: int, count: int, local: int, port: int, address: str = LOOPBACK) -> dict[str, str]:
    """The variables of rank `number` of `count`, `local` of them on its machine, that meet at a store."""
    return {
        "RANK": str(number),
        "LOCAL_RANK": str(number % local),
        "GROUP_RANK": str(number // local),
        "WORLD_SIZE": str(count),
        "LOCAL_WORLD_SIZE": str(local),
        "MASTER_ADDR": address,
        "MASTER_PORT": str(port),
        "TORCHELASTIC_RUN_ID": "acapella",
        "TORCHELASTIC_RESTART_COUNT": "0",
        "TORCHELASTIC_USE_AGENT_STORE": "True",  # the store is kept by whoever has started the ranks
    }


def meeting_point(address: str) -> TCPStore:
    """Where ranks meet, on a free port of this machine, which they know by its `address`."""
    return TCPStore(address, 0, is_master=True, wait_for_workers=False)


def launch(body: Body[T], devices: int, nodes: int, listen: TrainingListener, questions: Questions) -> T:
    """A Launcher on this machine. Signals that would end this process go to the ranks, which know what to do."""
    if nodes > 1:
        raise UsageError(f"NODES={nodes} needs a launcher: torchrun on each machine, or a Ray cluster (--cluster).")
    if torch.cuda.is_available() and torch.cuda.device_count() < devices:
        raise SettingsError(f"DEVICES={devices}, but this machine has {torch.cuda.device_count()} GPUs.")
    store = meeting_point(LOOPBACK)
    context = get_context("spawn")
    ranks: dict[Connection, BaseProcess] = {}
    try:
        for number in range(devices):
            link, far_end = context.Pipe()
            variables = rank_variables(number, devices, devices, store.port)
            process: BaseProcess = context.Process(target=_serve, args=(body, far_end, variables), daemon=False)
            process.start()
            far_end.close()  # so that the link ends when the process does
            ranks[link] = process
        with _signals_to(ranks.values()):
            returned: T = _conversation(ranks, listen, questions)
            return returned
    finally:
        for process in ranks.values():
            process.terminate()
        for process in ranks.values():
            process.join(GRACE)
            process.kill()
            process.join()


def _conversation(ranks: Mapping[Connection, BaseProcess], listen: TrainingListener, questions: Questions) -> Any:
    """Pass on what the ranks say until all have ended, or one has failed."""
    open_links, returned, failures = list(ranks), dict[Connection, Any](), list[BaseException]()
    while open_links:
        ready = wait(open_links, GRACE if failures else None)
        if failures and not ready:
            break
        for link in ready:
            assert isinstance(link, Connection)
            try:
                what, content = link.recv()
            except (EOFError, OSError):
                open_links.remove(link)
                if link not in returned:
                    failures.append(_death(ranks[link]))
                continue
            if what == "event":
                listen(content)
            elif what == "question":
                link.send(questions.save() if content == "save" else questions.more_epochs())
            elif what == "returned":
                returned[link] = content
            else:
                failures.append(content)
                returned[link] = None
    if failures:
        raise cause(failures)
    return returned[next(iter(ranks))]


def cause(errors: Sequence[BaseException]) -> BaseException:
    """The first of those that are nearest to the cause."""
    return min(errors, key=_remoteness)


def _remoteness(error: BaseException) -> int:
    """That another rank has gone explains nothing."""
    return 2 if isinstance(error, PeerLostError) else 0 if isinstance(error, AcapellaError) else 1


def _death(process: BaseProcess) -> TrainingError:
    process.join(GRACE)
    return TrainingError(
        f"One of the training's processes died ({process.exitcode}); where memory was short, try a smaller BATCH."
    )


@contextmanager
def _signals_to(processes: Any) -> Iterator[None]:
    """Hand Ctrl-C and SIGTERM on to `processes`, which know how to end a training."""
    if threading.current_thread() is not threading.main_thread():  # others may not handle signals
        yield
        return

    def hand_on(number: int, frame: FrameType | None) -> None:
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(process.pid, number)

    before = {number: signal.signal(number, hand_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Asking:
    """Questions that the starting process answers."""

    def __init__(self, link: Connection) -> None:
        self._link = link

    def more_epochs(self) -> int:
        """As the protocol says."""
        return int(self._ask("more_epochs"))

    def save(self) -> bool:
        """As the protocol says."""
        return bool(self._ask("save"))

    def _ask(self, question: str) -> Any:
        self._link.send(("question", question))
        return self._link.recv()


def _serve(body: Body[Any], link: Connection, variables: Mapping[str, str]) -> None:
    """In the rank's own process."""
    os.environ.update(variables)
    if hasattr(os, "setsid"):
        os.setsid()  # Ctrl-C comes from the starting process only, once
    threading.Thread(target=_end_with_parent, daemon=True).start()
    listen = (lambda event: link.send(("event", event))) if variables["RANK"] == "0" else ignore
    try:
        with joined_ranks():
            returned = body(listen=listen, questions=_Asking(link))
    except BaseException as error:  # noqa: BLE001  whatever it is, the starting process must know
        error.add_note("".join(format_exception(error)))  # pickled, it would lose its traceback
        link.send(("failed", error))
    else:
        link.send(("returned", returned))


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
