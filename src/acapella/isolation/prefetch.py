"""Stages that work at the same time, a thread each."""

import sys
from collections.abc import Generator
from queue import Empty, Queue
from threading import Event, Thread
from typing import TypeVar

Item = TypeVar("Item")

STOPPED = 0.05  # seconds between looks at whether the other side is still there


class _End:
    """Behind the last item: the error that ended them, if any."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error


def prefetch(source: Generator[Item, None, None], items: int = 2) -> Generator[Item, None, None]:
    """The items of `source`, made in a thread of their own, up to `items` of them before they are asked for.

    An error in the thread is raised here. Whoever may stop early, by an error too, holds it in `contextlib.closing`:
    the thread then ends, and closes the source.
    """
    queue: Queue[Item | _End] = Queue(items)
    stopped = Event()

    def work() -> None:
        error: Exception | None = None
        try:
            for item in source:
                queue.put(item)
                if stopped.is_set():
                    break
        except Exception as caught:  # noqa: BLE001 (raised again where the items are asked for)
            error = caught
        finally:
            source.close()
            queue.put(_End(error))
            error = None  # its traceback holds this frame

    thread = Thread(target=work, daemon=True, name="acapella-prefetch")
    thread.start()
    try:
        while not isinstance(item := queue.get(), _End):
            yield item
        if item.error:
            try:
                raise item.error
            finally:
                del item  # as above
    finally:
        stopped.set()
        while thread.is_alive() and not sys.is_finalizing():
            _drain(queue)
            thread.join(STOPPED)


def _drain(queue: "Queue[Item | _End]") -> None:
    """Make room, so that nobody waits at a full queue for ever."""
    try:
        while True:
            queue.get_nowait()
    except Empty:
        pass
