"""Stems: their audio, and what is drawn of them."""

from pathlib import Path, PurePath
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import FileResponse

from acapella.isolation.options import MIXTURE
from acapella.web.records import Record
from acapella.web.routes.problems import problems
from acapella.web.studio import Parts, SongId, Studio

router = APIRouter(prefix="/songs/{song_id}", tags=["stems"])
AudioFormat = Literal["wav", "flac", "mp3"]
MEDIA_TYPES = {"wav": "audio/wav", "flac": "audio/flac", "mp3": "audio/mpeg"}


@router.get("/stems/{stem}", response_class=FileResponse, responses=problems(404, 409, 416, 422))
def read_stem(
    request: Request,
    studio: Parts,
    song_id: SongId,
    stem: str,
    format: AudioFormat = "wav",
    download: Annotated[bool, Query(description="Let a browser save it, under a good name.")] = False,
) -> Response:
    """Read a stem, or the `mixture`: the upload, decoded. Ranges can be asked for."""
    song = studio.find_done(song_id)
    path = stem_path(studio, song, stem)
    etag = f'"{song.id}-{song.attempt}-{stem}-{format}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return FileResponse(
        path,
        headers=headers,
        media_type=MEDIA_TYPES[format],
        filename=download_name(song, stem, format) if download else None,
        stat_result=path.stat(),
    )


def stem_path(studio: Studio, song: Record, stem: str) -> Path:
    """The wav file of a stem; 404 where the song has no such stem."""
    outputs = studio.files.outputs(song.id, song.attempt, song.stems)
    if stem not in outputs:
        raise HTTPException(404, f"The song has no such stem; it has {', '.join([MIXTURE, *song.stems])}.")
    return outputs[stem]


def download_name(song: Record, what: str, format: str) -> str:
    """A name for a download: that of the song's file, and what it is."""
    return f"{PurePath(song.name).stem}_{what}.{format}"
