"""Stems: their audio, and what is drawn of them."""

from pathlib import Path, PurePath
from typing import Annotated, Any, Literal

from anyio import to_thread
from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from starlette.types import Message, Receive, Scope, Send

from acapella.isolation.options import MIXTURE
from acapella.web.audio import Shape, whole
from acapella.web.records import Record
from acapella.web.routes.problems import MEANINGS, problems
from acapella.web.spectrograms import spectrogram_of
from acapella.web.studio import Parts, SongId, Studio
from acapella.web.waveforms import Peaks, peaks_of

router = APIRouter(prefix="/songs/{song_id}", tags=["stems"])
AudioFormat = Literal["wav", "flac", "mp3"]
MEDIA_TYPES = {"wav": "audio/wav", "flac": "audio/flac", "mp3": "audio/mpeg"}
BYTES: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
AUDIO: dict[int | str, dict[str, Any]] = {200: {"content": dict.fromkeys(MEDIA_TYPES.values(), BYTES)}}


class RangeResponse(FileResponse):
    """A file, or ranges of it. Ranges that cannot be had are refused in JSON; Starlette would send plain text."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, as ASGI has it."""
        refusals: list[JSONResponse] = []

        async def send_or_refuse(message: Message) -> None:
            status = message.get("status", 200)
            if status >= 400:
                refusals.append(JSONResponse({"detail": MEANINGS[status]}, status))
                refusals[0].raw_headers += [pair for pair in message["headers"] if pair[0] == b"content-range"]
            elif not refusals:
                await send(message)

        await super().__call__(scope, receive, send_or_refuse)
        for refusal in refusals:
            await refusal(scope, receive, send)


@router.get(
    "/stems/{stem}",
    response_class=RangeResponse,
    responses={**AUDIO, 206: {"description": "A part."}, 304: {"description": "As before."}}
    | problems(404, 409, 416, 422),
)
async def read_stem(
    request: Request,
    studio: Parts,
    song_id: SongId,
    stem: str,
    format: AudioFormat = "wav",
    download: Annotated[bool, Query(description="Let a browser save it, under a good name.")] = False,
) -> Response:
    """Read a stem, or the `mixture`: the upload, decoded. Ranges can be asked for."""
    song = studio.find_done(song_id)
    headers = _cached(song, f"{stem}-{format}")
    path = stem_path(studio, song, stem)
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    path = await in_format(studio, song, path, format)
    return RangeResponse(
        path,
        headers=headers,
        media_type=MEDIA_TYPES[format],
        filename=download_name(song, stem, format) if download else None,
        stat_result=stat_of(path),
    )


@router.get("/peaks/{stem}", responses=problems(404, 409, 422))
async def read_peaks(
    response: Response, studio: Parts, song_id: SongId, stem: str, points: Annotated[int, Query(ge=1, le=20_000)] = 2000
) -> Peaks:
    """Read the outline of a stem: least and greatest sample in each of so many parts."""
    song = studio.find_done(song_id)
    path = stem_path(studio, song, stem)
    stat_of(path)
    response.headers.update(_cached(song, f"{stem}-peaks-{points}"))
    return await to_thread.run_sync(peaks_of, path, points, limiter=studio.encoding)


@router.get(
    "/spectrogram/{stem}",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": BYTES}}, **problems(404, 409, 422)},
)
async def read_spectrogram(
    studio: Parts,
    song_id: SongId,
    stem: str,
    columns: Annotated[int, Query(ge=1, le=8192)] = 1200,
    bands: Annotated[int, Query(ge=1, le=1024)] = 256,
) -> Response:
    """Read the spectrogram of a stem: a byte for each level, column by column, the lowest band first.

    0 is −90 dB or less, 255 is 0 dB. The bands are evenly spaced in mel, up to `X-Top-Hz`.
    """
    song = studio.find_done(song_id)
    path = stem_path(studio, song, stem)
    stat_of(path)
    picture = await to_thread.run_sync(spectrogram_of, path, columns, bands, limiter=studio.encoding)
    headers = {
        **_cached(song, f"{stem}-spectrogram-{columns}-{bands}"),
        "X-Columns": str(columns),
        "X-Bands": str(bands),
        "X-Top-Hz": f"{picture.top:g}",
    }
    return Response(picture.levels.tobytes(), headers=headers, media_type="application/octet-stream")


def stem_path(studio: Studio, song: Record, stem: str) -> Path:
    """The wav file of a stem; 404 where the song has no such stem."""
    outputs = studio.files.outputs(song.id, song.attempt, song.stems)
    if stem not in outputs:
        raise HTTPException(404, f"The song has no such stem; it has {', '.join([MIXTURE, *song.stems])}.")
    return outputs[stem]


async def in_format(studio: Studio, song: Record, path: Path, format: str) -> Path:
    """A stem's file in another format, which is kept beside it."""
    if format == "wav":
        return path
    return await to_thread.run_sync(_encode, studio, song, path, format, limiter=studio.encoding)


def _encode(studio: Studio, song: Record, path: Path, format: str) -> Path:
    target = path.with_suffix(f".{format}")
    if not target.exists():
        stat_of(path)
        whole(path, Shape.of(path)).write(target, format)
        studio.store.add_result_size(song, target.stat().st_size)
    return target


def stat_of(path: Path) -> Any:
    """What the system says of a file; 404 where it has gone since its song was found."""
    try:
        return path.stat()
    except FileNotFoundError:
        raise HTTPException(404, "There is no such song any more.") from None


def download_name(song: Record, what: str, format: str) -> str:
    """A name for a download: that of the song's file, and what it is."""
    return f"{PurePath(song.name).stem}_{what}.{format}"


def _cached(song: Record, what: str) -> dict[str, str]:
    """Headers of what does not change as long as the song is not separated again."""
    return {"ETag": f'"{song.id}-{song.attempt}-{what}"', "Cache-Control": "private, no-cache"}
