"""Server-sent events: what happens to songs, as it happens."""

import asyncio
from collections.abc import AsyncIterator

from anyio import to_thread
from fastapi import APIRouter, Depends
from fastapi.sse import EventSourceResponse, ServerSentEvent

from acapella.web.records import Record
from acapella.web.routes.problems import problems
from acapella.web.studio import Parts, SongId, Studio

router = APIRouter(tags=["events"])
LOOK = 0.2  # seconds between looks for changes: nobody sees more than five a second


@router.get("/events", response_class=EventSourceResponse, responses=problems())
async def watch_all(studio: Parts) -> AsyncIterator[ServerSentEvent]:
    """Watch all songs: each as it is now, then each that changes ("song"), and ids of those that go ("deleted")."""
    version = studio.changes.version
    records = await to_thread.run_sync(
        lambda: studio.store.in_state("waiting", "running", "done", "failed", "cancelled")
    )
    for event in await to_thread.run_sync(_songs, studio, records):
        yield event
    async for event in _changes(studio, version, None):
        yield event


def _existing(studio: Parts, song_id: SongId) -> Record:
    return studio.find(song_id)


@router.get(
    "/songs/{song_id}/events",
    response_class=EventSourceResponse,
    responses=problems(404),
    dependencies=[Depends(_existing)],
)
async def watch(studio: Parts, song_id: SongId) -> AsyncIterator[ServerSentEvent]:
    """Watch one song: as it is now, and whenever it changes; ends when it is deleted."""
    version = studio.changes.version
    for event in await to_thread.run_sync(_songs_by_id, studio, [song_id]):
        yield event
    async for event in _changes(studio, version, song_id):
        yield event


async def _changes(studio: Studio, version: int, only: str | None) -> AsyncIterator[ServerSentEvent]:
    """What happens after `version` of the changes, to one song or to all."""
    while not studio.changes.closed:
        await asyncio.sleep(LOOK)
        if studio.changes.version == version:
            continue
        version, changed, deleted = studio.changes.since(version)
        wanted = [song for song in changed if only in (None, song)]
        for event in await to_thread.run_sync(_songs_by_id, studio, wanted) if wanted else []:
            yield event
        for song in deleted:
            if only in (None, song):
                yield ServerSentEvent(event="deleted", data={"id": song})
                if only:
                    return


def _songs_by_id(studio: Studio, songs: list[str]) -> list[ServerSentEvent]:
    found = [studio.store.find(song) for song in songs]
    return _songs(studio, [record for record in found if record])


def _songs(studio: Studio, records: list[Record]) -> list[ServerSentEvent]:
    return [ServerSentEvent(event="song", data=song) for song in studio.describe_all(records)]
