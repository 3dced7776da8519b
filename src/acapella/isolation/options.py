"""How the stems of a song are written. Nothing here is slow to import."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acapella.errors import UsageError

if TYPE_CHECKING:
    from acapella.audio_files import BitDepth

MIXTURE = "mixture"  # among outputs and pictures: the song itself


@dataclass(frozen=True)
class WriteOptions:
    """How the stems of a song are written.

    | field | meaning |
    |---|---|
    | `format` | a key of `audio_files.FORMATS` |
    | `bit_depth` | 16, 24 or "32f"; None is 16, or the song's where that is higher |
    | `bitrate` | in kbit/s, of formats that have one; None is what gives a good quality |
    | `start`, `end` | the part of the song to separate, in seconds; None: to its end |
    | `normalize` | one gain for all stems, such that the loudest peak is just below full scale |
    | `longest` | a song of more seconds is an error, before it is decoded if the file says so; None: no limit |
    """

    format: str = "wav"
    bit_depth: "BitDepth | None" = None
    bitrate: int | None = None
    start: float = 0
    end: float | None = None
    normalize: bool = False
    longest: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.start < float("inf"):
            raise UsageError(f"start={self.start:g} is not a time in a song.", "start")
        if self.end is not None and not self.start < self.end:
            raise UsageError(f"end={self.end:g} is not behind start, {self.start:g}.", "end")


AS_USUAL = WriteOptions()
