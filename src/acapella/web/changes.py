"""Which songs have changed, for those who watch."""

from collections import deque
from threading import Lock
from typing import NamedTuple

DELETED_KEPT = 10_000  # what was deleted is remembered for watchers that are behind


class News(NamedTuple):
    """What has changed since some version, and the version to ask for next time."""

    version: int
    changed: list[str]
    deleted: list[str]


class Changes:
    """Each change raises `version`. A watcher remembers the last one it has seen, and asks what came `since`.

    So nothing is kept for a watcher, a slow one sees several changes as one, and a quick one decides how often to look.
    """

    def __init__(self) -> None:
        self.version = 0
        self.closed = False  # the server ends: so should watchers
        self._versions: dict[str, int] = {}  # of songs, the oldest change first
        self._deleted: deque[tuple[int, str]] = deque(maxlen=DELETED_KEPT)
        self._lock = Lock()

    def mark(self, *songs: str) -> None:
        """Note that these songs have changed."""
        with self._lock:
            for song in songs:
                self.version += 1
                self._versions.pop(song, None)
                self._versions[song] = self.version

    def mark_deleted(self, song: str) -> None:
        """Note that this song is no more."""
        with self._lock:
            self.version += 1
            self._versions.pop(song, None)
            self._deleted.append((self.version, song))

    def since(self, version: int) -> News:
        """What has changed after `version`."""
        with self._lock:
            changed = []
            for song, when in reversed(self._versions.items()):
                if when <= version:
                    break
                changed.append(song)
            deleted = [song for when, song in self._deleted if when > version]
            return News(self.version, changed[::-1], deleted)
