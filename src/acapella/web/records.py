"""What the store knows of a song."""

from dataclasses import dataclass

from acapella.web.songs import FINISHED, State


@dataclass(frozen=True)
class Record:
    """A row of the table."""

    number: int
    id: str
    client: str
    key: str | None
    name: str
    model: str
    stems: list[str]
    size: int
    created: float
    state: State
    attempt: int
    queued: float
    started: float | None
    finished: float | None
    error: str | None
    duration: float | None
    sample_rate: int | None
    channels: int | None
    samples: int | None
    remarks: list[str]
    result_size: int

    @property
    def is_finished(self) -> bool:
        """Whether it neither waits nor runs."""
        return self.state in FINISHED


@dataclass(frozen=True)
class NewSong:
    """What is known of a song when it has been uploaded."""

    id: str
    client: str
    key: str | None
    name: str
    model: str
    stems: list[str]
    size: int


@dataclass(frozen=True)
class Separated:
    """What is known of a song when it is done."""

    duration: float
    sample_rate: int
    channels: int
    samples: int
    remarks: list[str]
    result_size: int
