"""What is done now and then: old songs go, songs that hang are ended, and those who wait learn their place."""

import logging
import sqlite3
import time
from threading import Event, Thread

from acapella.web.studio import Studio

log = logging.getLogger("acapella.web")
TICK = 1.0  # seconds
CLEARING = 30.0  # seconds between looks for old songs


class Keeper:
    """Does it in a thread of its own."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._stopping = Event()
        self._thread = Thread(target=self._work, name="keeper")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        self._thread.join()

    def _work(self) -> None:
        cleared = float("-inf")
        while not self._stopping.wait(TICK):
            try:
                self.give_up_hanging()
                self.tell_positions()
                if time.monotonic() - cleared > CLEARING:
                    self.clear_old()
                    cleared = time.monotonic()
            except (sqlite3.Error, OSError) as error:  # a full disk, perhaps: it is tried again
                log.warning("Old songs cannot be cleared away (%s).", error)

    def give_up_hanging(self) -> None:
        """End songs that have made no progress for too long."""
        for running in self._studio.queue.running():
            if time.monotonic() - running.heard > self._studio.settings.patience:
                self._studio.queue.give_up(running)

    def tell_positions(self) -> None:
        """Each song that has come or gone moves others: once a second is enough for those who watch."""
        queue = self._studio.queue
        if queue.positions_changed:
            queue.positions_changed = False
            self._studio.changes.mark(*self._studio.store.queue())

    def clear_old(self) -> None:
        """Delete songs that were finished long ago, then the oldest until the others fit into the quota."""
        before = time.time() - self._studio.settings.keep
        for song in self._studio.store.in_state("done", "failed", "cancelled"):
            if (song.finished or 0) < before:
                self._studio.remove(song.id)
        self._studio.make_room(0)
