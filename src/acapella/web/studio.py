"""The parts of the server that requests need, and what they have in common."""

from collections.abc import Sequence
from typing import Annotated

from anyio import CapacityLimiter
from fastapi import Depends, HTTPException, Path, Request

from acapella.jobs.executor import Executor
from acapella.jobs.limits import Limits
from acapella.jobs.processes import ProcessExecutor
from acapella.web.changes import Changes
from acapella.web.files import SongFiles
from acapella.web.models import Models
from acapella.web.queue import SongQueue
from acapella.web.records import Record
from acapella.web.settings import ServerSettings
from acapella.web.songs import Song, as_time
from acapella.web.store import Store

ENCODING = 2  # answers that are computed at the same time: formats, mixes, pictures


class Studio:
    """Store, files, queue and the rest, of one data folder. `open` begins the work, `close` ends it."""

    def __init__(self, settings: ServerSettings, executor: Executor | None = None) -> None:
        self.settings = settings
        self.changes = Changes()
        self.models = Models()
        self.store = Store(settings.data / "songs.sqlite")
        self.files = SongFiles(settings.data)
        limits = Limits(settings.memory_limit, settings.cpu_limit)
        self.queue = SongQueue(
            settings, self.store, self.files, self.changes, executor or ProcessExecutor(settings.workers, limits=limits)
        )
        self.encoding = CapacityLimiter(ENCODING)
        self.uploading = 0  # bytes that are coming in
        self.uploads = 0  # that are coming in
        self.uploaded = 0  # songs since the start

    def open(self) -> None:
        """Go on where the last server ended."""
        self.store.recover()
        records = self.store.in_state("waiting", "done", "failed", "cancelled")
        done = {(song.id, song.attempt) for song in records if song.state == "done"}
        self.files.clear(done, {song.id for song in records})
        self.queue.start()

    def announce_stop(self) -> None:
        """The server is about to end: let go of those who watch. May be called from a signal handler."""
        self.changes.closed = True
        self.queue.announce_stop()

    def close(self) -> None:
        """End the work; what runs is done again by the next server."""
        self.announce_stop()
        self.queue.stop()
        self.store.close()

    def find(self, song: str) -> Record:
        """The record of a song; 404 where there is none."""
        record = self.store.find(song)
        if record is None:
            raise HTTPException(404, "There is no such song.")
        return record

    def find_done(self, song: str) -> Record:
        """The record of a song that is done; 409 where it is not."""
        record = self.find(song)
        if record.state != "done":
            raise HTTPException(409, f"The song is {record.state}; its stems are there when it is done.")
        return record

    def describe(self, record: Record) -> Song:
        """What the API says of a song."""
        return self.describe_all([record])[0]

    def describe_all(self, records: Sequence[Record]) -> list[Song]:
        """What the API says of songs."""
        waits = any(record.state == "waiting" for record in records)
        places = {song: place for place, song in enumerate(self.store.queue(), 1)} if waits else {}
        return [self._describe(record, places.get(record.id)) for record in records]

    def remove(self, song: str) -> None:
        """Delete a song and its files; what runs is ended first."""
        if self.store.delete(song):
            self.changes.mark_deleted(song)
        if not self.queue.cancel(song):  # else its files go when it has ended
            self.files.remove(song)

    def make_room(self, size: int) -> bool:
        """Delete finished songs, the oldest first, until so many bytes more fit into the quota; whether they do."""
        room = self.settings.quota - size - self.uploading
        if room < 0:
            return False
        used = self.store.bytes_used()
        for record in sorted(self.store.in_state("done", "failed", "cancelled"), key=lambda song: song.finished or 0):
            if used <= room:
                break
            self.remove(record.id)
            used -= record.size + record.result_size
        return used <= room

    def _describe(self, record: Record, position: int | None) -> Song:
        running = self.queue.find(record.id) if record.state == "running" else None
        return Song(
            id=record.id,
            name=record.name,
            state=record.state,
            progress=running.share if running else None,
            seconds_left=running.seconds_left if running else None,
            position=position if record.state == "waiting" else None,
            error=record.error,
            model=record.model,
            stems=record.stems,
            duration=record.duration,
            sample_rate=record.sample_rate,
            channels=record.channels,
            samples=record.samples,
            size=record.size,
            created=as_time(record.created),
            finished=None if record.finished is None else as_time(record.finished),
            remarks=record.remarks,
        )


def _studio(request: Request) -> Studio:
    studio: Studio = request.app.state.studio
    return studio


Parts = Annotated[Studio, Depends(_studio)]
SongId = Annotated[str, Path(max_length=64, description="The song's `id`.")]
