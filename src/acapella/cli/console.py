"""How the command line talks: results on standard output, everything else on standard error."""

import re
import time
from contextlib import suppress
from functools import reduce
from typing import TYPE_CHECKING

import typer

from acapella.errors import UsageError, printable, sentence

if TYPE_CHECKING:
    from rich.console import Console

LONGEST_MESSAGE = 4000  # characters
FLAGS = {  # what arguments of the library are called here
    "allow_private": "--allow-private",
    "bit_depth": "--bit-depth",
    "bitrate": "--bitrate",
    "cluster": "--cluster",
    "combine": "--combine",
    "end": "--end",
    "format": "--format",
    "metrics": "--metrics",
    "model": "--model",
    "name": "--name",
    "normalize": "--normalize",
    "host": "--host",
    "longest": "--longest",
    "keep": "--keep",
    "no_token": "--no-token",
    "out_dir": "-o",
    "overwrite": "--overwrite",
    "overlap": "--overlap",
    "phase": "--phase",
    "points": "--points",
    "recursive": "-r",
    "port": "--port",
    "quota": "--quota",
    "runtime": "--runtime",
    "sampler": "--sampler",
    "seed": "--seed",
    "shifts": "--shifts",
    "start": "--start",
    "stems": "--stems",
    "then": "--then",
    "token": "--token",
    "trials": "--trials",
    "tta": "--tta",
    "upload_limit": "--upload-limit",
    "waiting": "--waiting",
    "weights": "--weights",
    "workers": "--workers",
}


def make_console(quiet: bool) -> "Console":
    """A console on standard error, silent with --quiet; brackets in names of files are only brackets."""
    from rich.console import Console  # slow to import, and --help needs none

    return Console(stderr=True, quiet=quiet, highlight=False, soft_wrap=True, markup=False, emoji=False)


def report(error: Exception) -> None:
    """Print what went wrong as one sentence; an argument of the library is called by its flag."""
    text = sentence(error)
    if len(text) > LONGEST_MESSAGE:  # of a library, perhaps: ours quote less
        text = f"{text[:LONGEST_MESSAGE]}…"
    if isinstance(error, UsageError):
        text = with_flags(text, *error.arguments)
    say(f"Error: {text}")


def warn(text: str) -> None:
    """Print what a person should know, with --quiet too."""
    say(f"Warning: {text}")


def say(text: str) -> None:
    """Print a line on standard error, where that can be written."""
    with suppress(OSError, ValueError):
        typer.echo(printable(text), err=True)


def with_flags(text: str, *arguments: str) -> str:
    """`text` with the flags for these arguments."""
    return reduce(with_flag, arguments, text)


def with_flag(text: str, argument: str) -> str:
    """`text` with the flag for the argument's name, where that is a word of its own or stands before a =."""
    flag = FLAGS.get(argument)
    return re.sub(rf"(?<!\S){argument}(?=[=\s.,:;]|$)", flag, text) if flag else text


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def __str__(self) -> str:
        return f"{time.monotonic() - self._start:.1f} s"
