"""Songs and their states, in SQLite: a process may be killed at any moment, and no state is lost or half-written."""

import json
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from threading import RLock
from typing import Any

from acapella.errors import InputError
from acapella.web.records import NewSong, Record, Separated
from acapella.web.songs import State

SCHEMA = """
CREATE TABLE IF NOT EXISTS songs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    client TEXT NOT NULL,
    key TEXT,                           -- the client's own name for the request that brought the song
    name TEXT NOT NULL,
    model TEXT NOT NULL,
    stems TEXT NOT NULL,                -- JSON
    size INTEGER NOT NULL,
    created REAL NOT NULL,
    state TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    queued REAL NOT NULL,
    started REAL,
    finished REAL,
    error TEXT,
    duration REAL,
    sample_rate INTEGER,
    channels INTEGER,
    samples INTEGER,
    remarks TEXT NOT NULL DEFAULT '[]', -- JSON
    result_size INTEGER NOT NULL DEFAULT 0,
    UNIQUE (client, key)
);
CREATE INDEX IF NOT EXISTS songs_by_state ON songs (state);
"""
# The next song is one of the client with the fewest songs running, and of those the one who has waited longest for
# a turn. All waiting songs in this order: a client's second song stands behind every other client's first.
QUEUE = """
WITH clients AS (
    SELECT client, SUM(state = 'running') AS running, COALESCE(MAX(started), 0) AS served FROM songs GROUP BY client
), turns AS (
    SELECT id, served, queued, number,
        running + ROW_NUMBER() OVER (PARTITION BY client ORDER BY queued, number) AS turn
    FROM songs JOIN clients USING (client) WHERE state = 'waiting'
)
SELECT id FROM turns ORDER BY turn, served, queued, number
"""
RESET = "error = NULL, finished = NULL, remarks = '[]', result_size = 0"


class Store:
    """The table. Its methods may be called from any thread; a change of state happens only from a state it fits."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = RLock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=1)
        self._database.row_factory = sqlite3.Row
        try:
            self._database.execute("PRAGMA locking_mode = EXCLUSIVE")  # until it is closed, or its process dies
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.executescript(SCHEMA)
        except sqlite3.OperationalError as error:
            self._database.close()
            raise InputError(
                f"{path} cannot be used ({error}): is another `acapella serve` using the folder?"
            ) from None
        except sqlite3.DatabaseError as error:
            self._database.close()
            raise InputError(f"{path} cannot be used ({error}): name another data folder.") from None

    def close(self) -> None:
        """Let another server have it."""
        with self._lock:
            self._database.close()

    def recover(self) -> None:
        """What was running when the last server ended waits again, before all others of its client."""
        self._change("UPDATE songs SET state = 'waiting', attempt = attempt + 1 WHERE state = 'running'")

    def add(self, song: NewSong) -> Record:
        """A song that waits; the one that is there where its client has used the key before."""
        with self._lock:
            if song.key is not None and (known := self.find_key(song.client, song.key)):
                return known
            now = time.time()
            values = (song.id, song.client, song.key, song.name, song.model, json.dumps(song.stems), song.size, now)
            self._database.execute(
                "INSERT INTO songs (id, client, key, name, model, stems, size, created, state, attempt, queued) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'waiting', 1, ?)",
                (*values, now),
            )
            return self._one("SELECT * FROM songs WHERE id = ?", song.id)

    def find(self, song: str) -> Record | None:
        """The song with this id."""
        return next(iter(self._all("SELECT * FROM songs WHERE id = ?", song)), None)

    def find_key(self, client: str, key: str) -> Record | None:
        """The song that `client` has brought with this key."""
        return next(iter(self._all("SELECT * FROM songs WHERE client = ? AND key = ?", client, key)), None)

    def newest(self, limit: int, before: int | None = None) -> list[Record]:
        """So many songs, newest first; those with numbers below `before`."""
        if before is None:
            return self._all("SELECT * FROM songs ORDER BY number DESC LIMIT ?", limit)
        return self._all("SELECT * FROM songs WHERE number < ? ORDER BY number DESC LIMIT ?", before, limit)

    def in_state(self, *states: State) -> list[Record]:
        """All songs in these states, oldest first."""
        marks = ", ".join("?" * len(states))
        return self._all(f"SELECT * FROM songs WHERE state IN ({marks}) ORDER BY number", *states)

    def counts(self) -> dict[str, int]:
        """How many songs are in each state that any is in."""
        with self._lock:
            return dict(map(tuple, self._database.execute("SELECT state, COUNT(*) FROM songs GROUP BY state")))

    def bytes_used(self) -> int:
        """By all uploads and results."""
        with self._lock:
            (total,) = self._database.execute("SELECT COALESCE(SUM(size + result_size), 0) FROM songs").fetchone()
            return int(total)

    def queue(self) -> list[str]:
        """The ids of all waiting songs, in the order in which they would run."""
        with self._lock:
            return [row["id"] for row in self._database.execute(QUEUE)]

    def start_next(self) -> Record | None:
        """Let the next song run; None where none waits."""
        with self._lock:
            row = self._database.execute(f"{QUEUE} LIMIT 1").fetchone()
            if row is None:
                return None
            self._change("UPDATE songs SET state = 'running', started = ? WHERE id = ?", time.time(), row["id"])
            return self.find(row["id"])

    def finish(self, song: Record, done: Separated) -> bool:
        """The attempt has ended well; False where it was cancelled, deleted or begun anew in the meantime."""
        return self._end_attempt(
            song,
            "state = 'done', finished = ?, duration = ?, sample_rate = ?, channels = ?, samples = ?, remarks = ?, "
            "result_size = ?",
            time.time(),
            done.duration,
            done.sample_rate,
            done.channels,
            done.samples,
            json.dumps(done.remarks),
            done.result_size,
        )

    def fail(self, song: Record, error: str) -> bool:
        """The attempt has failed; False as for `finish`."""
        return self._end_attempt(song, "state = 'failed', finished = ?, error = ?", time.time(), error)

    def wait_again(self, song: Record) -> bool:
        """The attempt was broken off by the server itself; False as for `finish`."""
        return self._end_attempt(song, "state = 'waiting', attempt = attempt + 1")

    def cancel(self, song: str) -> bool:
        """From waiting or running to cancelled; False from other states."""
        return self._change(
            "UPDATE songs SET state = 'cancelled', finished = ? WHERE id = ? AND state IN ('waiting', 'running')",
            time.time(),
            song,
        )

    def retry(self, song: str, model: str, stems: Sequence[str]) -> bool:
        """From done, failed or cancelled to waiting; False from other states."""
        return self._change(
            f"UPDATE songs SET state = 'waiting', attempt = attempt + 1, queued = ?, model = ?, stems = ?, {RESET} "
            "WHERE id = ? AND state IN ('done', 'failed', 'cancelled')",
            time.time(),
            model,
            json.dumps(list(stems)),
            song,
        )

    def add_result_size(self, song: Record, size: int) -> None:
        """Note that so many bytes have come to a song's results."""
        self._change(
            "UPDATE songs SET result_size = result_size + ? WHERE id = ? AND attempt = ?", size, song.id, song.attempt
        )

    def delete(self, song: str) -> bool:
        """Remove it, whatever its state; False where there is none."""
        return self._change("DELETE FROM songs WHERE id = ?", song)

    def _end_attempt(self, song: Record, assignments: str, *values: object) -> bool:
        return self._change(
            f"UPDATE songs SET {assignments} WHERE id = ? AND attempt = ? AND state = 'running'",
            *values,
            song.id,
            song.attempt,
        )

    def _change(self, statement: str, *values: object) -> bool:
        with self._lock:
            return self._database.execute(statement, values).rowcount > 0

    def _all(self, query: str, *values: object) -> list[Record]:
        with self._lock:
            return [_record(row) for row in self._database.execute(query, values)]

    def _one(self, query: str, *values: object) -> Record:
        (record,) = self._all(query, *values)
        return record


def _record(row: sqlite3.Row) -> Record:
    values: dict[str, Any] = dict(row)
    return Record(**{**values, "stems": json.loads(values["stems"]), "remarks": json.loads(values["remarks"])})
