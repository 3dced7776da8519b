"""What the API says of a song."""

from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, Field

State = Literal["waiting", "running", "done", "failed", "cancelled"]
FINISHED = ("done", "failed", "cancelled")


class Song(BaseModel):
    """A song: what was uploaded, how far it is, and what came of it."""

    id: str
    name: str = Field(description="The file's name, as it was uploaded.")
    state: State
    progress: float | None = Field(description="Share that is separated, 0 to 1, while it runs.")
    seconds_left: float | None = Field(description="An estimate, while it runs.")
    position: int | None = Field(description="Place in the queue, from 1, while it waits.")
    error: str | None = Field(description="Why it failed, in a sentence.")
    model: str
    stems: list[str]
    duration: float | None = Field(description="Seconds.")
    sample_rate: int | None = Field(description="Hz.")
    channels: int | None
    samples: int | None = Field(description="Of each channel.")
    size: int = Field(description="Bytes of the upload.")
    created: datetime
    finished: datetime | None
    remarks: list[str] = Field(description="What a person should know, a sentence each.")


class SongList(BaseModel):
    """A page of songs, newest first."""

    songs: list[Song]
    next: str | None = Field(description="The value of `after` for the songs that follow; null at the end.")


class Problem(BaseModel):
    """Why a request was refused."""

    detail: str = Field(description="One sentence.")


def as_time(seconds: float) -> datetime:
    """Seconds since 1970 as a time with its zone."""
    return datetime.fromtimestamp(seconds, UTC)
