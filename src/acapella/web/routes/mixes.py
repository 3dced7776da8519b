"""Several stems at once: all in a zip file, or their sum."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from anyio import to_thread
from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import StreamingResponse

from acapella.web.audio import READ, Mix, Shape, zip_files
from acapella.web.records import Record
from acapella.web.routes.problems import problems
from acapella.web.routes.stems import (
    AUDIO,
    BYTES,
    MEDIA_TYPES,
    AudioFormat,
    download_name,
    in_format,
    stat_of,
    stem_path,
)
from acapella.web.studio import Parts, SongId

router = APIRouter(prefix="/songs/{song_id}", tags=["stems"])
LOUDEST = 2.0  # gain
OWN = ("format", "start", "end")  # parameters that are not names of stems
GAINS = {
    "name": "gains",
    "in": "query",
    "description": "A gain for each stem to be heard, by its name: `vocal=0.5&instrumental=1`.",
    "style": "form",
    "explode": True,
    "schema": {"type": "object", "additionalProperties": {"type": "number", "minimum": 0, "maximum": LOUDEST}},
}
Seconds = Query(ge=0, allow_inf_nan=False, description="Seconds.")


@router.get(
    "/zip",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/zip": BYTES}}, **problems(404, 409, 422)},
)
async def read_zip(studio: Parts, song_id: SongId, format: AudioFormat = "wav") -> Response:
    """Read all stems in one zip file."""
    song = studio.find_done(song_id)
    files = {}
    for stem in song.stems:
        path = await in_format(studio, song, stem_path(studio, song, stem), format)
        stat_of(path)
        files[download_name(song, stem, format)] = path
    return _download(zip_files(files), "application/zip", download_name(song, "stems", "zip"))


@router.get(
    "/mix",
    response_class=StreamingResponse,
    responses={**AUDIO, **problems(404, 409, 422)},
    openapi_extra={"parameters": [GAINS]},
)
async def read_mix(
    request: Request,
    studio: Parts,
    song_id: SongId,
    format: AudioFormat = "wav",
    start: Annotated[float, Seconds] = 0,
    end: Annotated[float | None, Seconds] = None,
) -> Response:
    """Read the sum of stems, each with a gain of 0 to 2; stems that are not named are left out."""
    song = studio.find_done(song_id)
    gains = {stem_path(studio, song, stem): gain for stem, gain in _gains(request, song).items()}
    mix = _mix(gains, start, end)
    name = download_name(song, "mix", format)
    if format == "wav":
        return _download(mix.wav(), MEDIA_TYPES[format], name)
    path = studio.files.temporary / f"{studio.files.new_upload().name}.{format}"
    await to_thread.run_sync(mix.write, path, format, limiter=studio.encoding)
    return _download(_bytes_once(path), MEDIA_TYPES[format], name, path.stat().st_size)


def _gains(request: Request, song: Record) -> dict[str, float]:
    """What the request says of stems; 422 where it says nothing, or nonsense."""
    gains = {}
    for stem, text in request.query_params.items():
        if stem in OWN:
            continue
        if stem not in song.stems:
            raise HTTPException(422, f"The song has no stem {stem[:50]!r}; it has {', '.join(song.stems)}.")
        try:
            gains[stem] = float(text)
        except ValueError:
            gains[stem] = math.nan
        if not 0 <= gains[stem] <= LOUDEST:
            raise HTTPException(422, f"The gain of {stem} must be 0 to {LOUDEST:g}.")
    if not gains:
        raise HTTPException(422, f"Give a gain to one stem or more: {song.stems[0]}=1.")
    return gains


def _mix(gains: dict[Path, float], start: float, end: float | None) -> Mix:
    """The mix between two times; 422 where there is nothing between them."""
    for path in gains:
        stat_of(path)
    shape = Shape.of(next(iter(gains)))
    first = min(start * shape.sample_rate, shape.samples)
    last = shape.samples if end is None else min(end * shape.sample_rate, shape.samples)
    if round(first) >= round(last):
        raise HTTPException(
            422, f"There is nothing between these times; the song has {shape.samples / shape.sample_rate:.2f} s."
        )
    return Mix(gains, shape, round(first), round(last))


def _bytes_once(path: Path) -> Iterator[bytes]:
    """The bytes of a temporary file, which goes when it has been read."""
    try:
        with path.open("rb") as file:
            while piece := file.read(READ):
                yield piece
    finally:
        path.unlink(missing_ok=True)


def _download(pieces: Iterator[bytes], media_type: str, name: str, size: int | None = None) -> StreamingResponse:
    """An answer that a browser saves under a name."""
    response = StreamingResponse(pieces, media_type=media_type)
    response.headers["Content-Disposition"] = f"attachment; filename*=utf-8''{quote(name, safe='')}"
    if size is not None:
        response.headers["Content-Length"] = str(size)
    return response
