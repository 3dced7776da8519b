"""From a request's body to a song that waits."""

import asyncio
import os
import secrets
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from anyio import to_thread
from fastapi import HTTPException, Request
from starlette.requests import ClientDisconnect

from acapella.web.records import NewSong, Record
from acapella.web.studio import Studio

PIECE = 1 << 20  # bytes written at a time
SILENCE = 60.0  # seconds without a byte after which an upload is given up
RETRY_AFTER = "30"  # seconds
SPARE_DISK = 500_000_000  # bytes that stay free
NAME_LENGTH = 200
DRAIN_SIZE, DRAIN_TIME = 200_000_000, 20.0  # bytes and seconds of a refused upload


@dataclass(frozen=True)
class Wanted:
    """What a client wants of its upload."""

    name: str
    model: str
    stems: list[str]
    client: str
    key: str | None


def clean_name(name: str) -> str:
    """A file's name for people to read: without folders and control characters, and not too long."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return "".join(sign for sign in last if sign.isprintable()).strip()[:NAME_LENGTH] or "song"


async def drain(request: Request) -> None:
    """Read what still comes of a body that is refused: a client that is still sending does not see the answer."""
    if request.headers.get("expect"):  # it waits for the answer before it sends
        return
    size = 0
    with suppress(TimeoutError, ClientDisconnect, RuntimeError):  # RuntimeError: it has been read already
        async with asyncio.timeout(DRAIN_TIME):
            async for piece in request.stream():
                size += len(piece)
                if size > DRAIN_SIZE:
                    return


async def receive(request: Request, studio: Studio, wanted: Wanted) -> tuple[Record, bool]:
    """The song that a request brings, and whether it is new; HTTPExceptions where it is refused."""
    if wanted.key is not None and (known := studio.store.find_key(wanted.client, wanted.key)):
        return known, False
    with _counted(studio):
        path = studio.files.new_upload()
        try:
            size = await _write(request, studio, path)
            return await to_thread.run_sync(_add, studio, wanted, path, size)
        except ClientDisconnect:
            raise HTTPException(400, "The upload broke off.") from None
        except OSError as error:
            raise HTTPException(507, f"The upload cannot be kept ({error.strerror or error}).") from None
        finally:
            path.unlink(missing_ok=True)


@contextmanager
def _counted(studio: Studio) -> Iterator[None]:
    """A place in the queue for what comes in."""
    if studio.store.counts().get("waiting", 0) + studio.uploads >= studio.settings.waiting:
        raise HTTPException(
            429, "Too many songs are waiting; try again in a while.", headers={"Retry-After": RETRY_AFTER}
        )
    studio.uploads += 1
    try:
        yield
    finally:
        studio.uploads -= 1


async def _write(request: Request, studio: Studio, path: Path) -> int:
    """Write the body to `path`; returns its size in bytes."""
    declared = int(request.headers.get("content-length") or 0)
    _check_size(studio, declared)
    _make_room(studio, declared)
    size = 0
    with path.open("xb") as file:
        try:
            async for piece in _pieces(request):
                size += len(piece)
                studio.uploading += len(piece)
                _check_size(studio, size)
                if size > declared:
                    _make_room(studio, 0)
                await to_thread.run_sync(file.write, piece)
        finally:
            studio.uploading -= size
        if not size:
            raise HTTPException(422, "The file is empty.")
        file.flush()
        await to_thread.run_sync(os.fsync, file.fileno())
    return size


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    """The body in large pieces."""
    waiting = bytearray()
    stream = request.stream().__aiter__()
    while True:
        try:
            async with asyncio.timeout(SILENCE):
                waiting += await anext(stream)
        except StopAsyncIteration:
            break
        except TimeoutError:
            raise HTTPException(408, "The upload stood still for too long.") from None
        if len(waiting) >= PIECE:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


def _check_size(studio: Studio, size: int) -> None:
    limit = studio.settings.upload_limit
    if size > limit:
        raise HTTPException(413, f"The file is larger than {limit / 1e6:g} MB, the most allowed here.")


def _make_room(studio: Studio, size: int) -> None:
    """507 where so many bytes more are too much, old songs gone."""
    free = shutil.disk_usage(studio.settings.data).free
    if not studio.make_room(size) or free < size + SPARE_DISK:
        raise HTTPException(507, "There is no room for the file: delete songs that are done.")


def _add(studio: Studio, wanted: Wanted, path: Path, size: int) -> tuple[Record, bool]:
    """Make the upload a song; the files come first, so that no song is without."""
    song = secrets.token_hex(8)
    studio.files.adopt(path, song)
    new = NewSong(song, wanted.client, wanted.key, wanted.name, wanted.model, wanted.stems, size)
    try:
        record = studio.store.add(new)
    except sqlite3.Error as error:
        studio.files.remove(song)
        raise OSError(str(error)) from error
    if record.id != song:  # the same request came twice at the same time
        studio.files.remove(song)
        return record, False
    studio.uploaded += 1
    studio.changes.mark(song)
    studio.queue.notify()
    return record, True
