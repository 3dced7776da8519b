"""Names of files and reasons of failures, as they stand in messages."""

import os
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import soundfile

from acapella.errors import AudioFileError

STANDARD_STREAMS = {"<stdin>": "standard input", "<stdout>": "standard output"}


def display_name(source: Path | BinaryIO) -> str:
    """What to call a file or stream; bytes of its name that are no text become marks."""
    if isinstance(source, Path):
        return os.fsencode(source).decode("utf-8", "replace")
    name = getattr(source, "name", None)
    return STANDARD_STREAMS.get(name, name) if isinstance(name, str) else "the stream"


def native_path(path: Path) -> str | bytes:
    """`path` as libsndfile wants it: where file names are bytes, any of them can be opened."""
    return os.fsencode(path) if os.name == "posix" else str(path)


class ReasonError(Exception):
    """Carries why a file cannot be used up to the Attempt that knows its name."""


class Attempt:
    """Turns errors of the system, of soundfile and ReasonErrors into "NAME: cannot be VERB (reason).".

    with Attempt("song.m4a", "decoded"): …
    """

    def __init__(self, name: str, verb: str) -> None:
        self._message = f"{name}: cannot be {verb}"

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, OSError | soundfile.SoundFileError | ReasonError):
            reason = str(getattr(error, "strerror", None) or error)
            reason = reason.removeprefix("Error : ").rstrip(".")
            raise AudioFileError(f"{self._message} ({reason}).") from error
