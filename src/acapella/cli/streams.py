"""Standard input, output and error, which may be closed, broken, or of few characters."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress


def prepare_streams() -> None:
    """Let nothing that is written by hand fail for its characters, and no file get the number of a closed stream.

    A closed stream's number would go to the next file that is opened, a song's stem for example, and whatever a
    library prints would be written there.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY if number else os.O_WRONLY)  # in whichever way it cannot be used
    if sys.stderr is None:
        sys.stderr = io.StringIO()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def flush_output() -> None:
    """Write what waits to be written to standard output; an OSError that names it where that cannot be done."""
    if sys.stdout is not None:
        with named_output():
            sys.stdout.flush()


@contextmanager
def named_output() -> Iterator[None]:
    """Errors in writing to standard output that name it."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, "standard output") from error


def discard_output() -> None:
    """Let go of what could not be written, or Python would try once more at its end and complain."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
