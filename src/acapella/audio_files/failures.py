"""Names of files and reasons of failures, as they stand in messages, and failures that libraries would lose."""

import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

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


class Sink:
    """A file for a library to write to, which keeps a failure until `check`, and takes nothing from then on.

    libsndfile says nothing of failures in the last block, and PyAV prints those that come while it deals with another.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._failure: BaseException | None = None
        self._has_failed = False
        self.tell = file.tell

    def write(self, data: bytes) -> int:
        """Write `data`, or let `check` know that it could not be done."""
        self._try(self._file.write, data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> None:
        """Go to a place; like writing, this may empty a buffer and fail."""
        self._try(self._file.seek, offset, whence)

    def check(self) -> None:
        """Raise the failure, if there was one, and let go of it and of all that its traceback holds."""
        failure, self._failure = self._failure, None
        if failure:
            raise failure

    def _try(self, action: Callable[..., int], *arguments: Any) -> None:
        if self._has_failed:
            return
        try:
            action(*arguments)
        except (OSError, KeyboardInterrupt) as error:
            self._failure, self._has_failed = error, True
