"""Songs: upload, list, one, delete, cancel, retry."""

from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Query, Request, Response

from acapella.errors import UsageError
from acapella.models.model_file import DEFAULT_MODEL
from acapella.web.records import Record
from acapella.web.routes.problems import problems
from acapella.web.songs import Song, SongList
from acapella.web.studio import Parts, SongId
from acapella.web.uploads import Wanted, clean_name, drain, receive

router = APIRouter(prefix="/songs", tags=["songs"])
ModelName = Annotated[str | None, Query(max_length=200, description="A name that `/models` lists.")]
Stems = Annotated[
    str | None, Query(max_length=1000, description="Names between commas, or `all`; default: vocal and instrumental.")
]


@router.post(
    "",
    status_code=201,
    responses={
        **problems(408, 413, 422, 429, 507),
        200: {"model": Song, "description": "That of this key."},
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def upload(
    request: Request,
    response: Response,
    studio: Parts,
    name: Annotated[str, Query(max_length=1000, description="The file's name, for people to read.")] = "song",
    model: ModelName = None,
    stems: Stems = None,
    idempotency_key: Annotated[
        str | None, Header(max_length=200, description="The same key brings the same song, not another.")
    ] = None,
) -> Song:
    """Upload a song: the body is the file as it is, audio or video."""
    chosen, client = model or DEFAULT_MODEL, request.client.host if request.client else ""
    try:
        kinds = studio.models.choose_stems(chosen, stems)
        record, is_new = await receive(
            request, studio, Wanted(clean_name(name), chosen, kinds, client, idempotency_key)
        )
    except (HTTPException, UsageError):
        await drain(request)
        raise
    response.status_code = 201 if is_new else 200
    response.headers["Location"] = str(request.url_for("read", song_id=record.id).path)
    return studio.describe(record)


@router.get("", responses=problems(404, 422))
def read_all(
    studio: Parts,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    after: Annotated[str | None, Query(max_length=64, description="`next` of the page before.")] = None,
) -> SongList:
    """List the songs, newest first."""
    before = None if after is None else studio.find(after).number
    found = studio.store.newest(limit + 1, before)
    shown = found[:limit]
    return SongList(songs=studio.describe_all(shown), next=shown[-1].id if len(found) > limit else None)


@router.get("/{song_id}", responses=problems(404))
def read(studio: Parts, song_id: SongId) -> Song:
    """Read one song."""
    return studio.describe(studio.find(song_id))


@router.delete("/{song_id}", status_code=204, responses=problems())
def delete(studio: Parts, song_id: SongId) -> None:
    """Delete a song, its upload and its stems; it is ended first where it runs."""
    studio.remove(song_id)


@router.post("/{song_id}/cancel", responses=problems(404, 409))
def cancel(studio: Parts, song_id: SongId) -> Song:
    """Cancel a song that waits or runs."""
    if studio.store.cancel(song_id):
        studio.queue.cancel(song_id)
        studio.changes.mark(song_id)
    return studio.describe(_in_state(studio.find(song_id), "cancelled"))


@router.post("/{song_id}/retry", responses=problems(404, 409, 422))
def retry(studio: Parts, song_id: SongId, model: ModelName = None, stems: Stems = None) -> Song:
    """Separate a song again that failed, was cancelled or is done, with another model perhaps."""
    record = studio.find(song_id)
    chosen = model or record.model
    kept = ",".join(record.stems) if chosen == record.model else None
    wanted = studio.models.choose_stems(chosen, stems or kept)
    if studio.store.retry(song_id, chosen, wanted):
        studio.files.remove_results(record.id, record.attempt)
        studio.changes.mark(song_id)
        studio.queue.notify()
    return studio.describe(_in_state(studio.find(song_id), "waiting", "running"))


def _in_state(record: Record, *states: str) -> Record:
    """`record`; 409 where it is in none of these states."""
    if record.state not in states:
        raise HTTPException(409, f"The song is {record.state} already.")
    return record
