"""The commands, and what all of them have in common.

Only what a command needs is imported, when it runs: `acapella --help` answers at once.
"""

import atexit
import gc
import warnings
from itertools import pairwise
from pathlib import Path

import typer

from acapella import __version__
from acapella.cli.analyse import analyse
from acapella.cli.console import warn
from acapella.cli.evaluate import evaluate
from acapella.cli.grouped_help import GroupedCommand
from acapella.cli.isolate import isolate
from acapella.cli.models import models
from acapella.cli.prepare import prepare
from acapella.cli.search import search
from acapella.cli.serve import serve
from acapella.cli.train import export, options, train
from acapella.errors import UsageError
from acapella.process_memory import check_address_space

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(cls=GroupedCommand)(isolate)
for command in (train, export, prepare, options, analyse, search, evaluate, serve):
    app.command()(command)
app.add_typer(models, name="models")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"acapella {__version__}")
        raise typer.Exit


@app.callback(epilog="A file instead of a command is separated: acapella song.mp3")
def _common(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="Print the version."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="Say nothing but warnings and errors."),
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error."),
) -> None:
    """Take a song and get the voice and the music, each on its own."""
    context.obj = {"quiet": quiet, "debug": debug}


COMMANDS = frozenset(
    [info.callback.__name__ for info in app.registered_commands if info.callback]
    + [info.name for info in app.registered_groups if info.name]
)
FLAGS = frozenset(["--quiet", "-q", "--debug"])


def run(given: list[str]) -> int | None:
    """Run the command of these words."""
    warnings.showwarning = _show_warning
    check_address_space()
    try:
        app(_with_command(given), prog_name="acapella")
    except SystemExit as end:
        if (
            not end.code
        ):  # else objects of libraries in C++ hang on the error, and would complain that Python leaves them
            atexit.register(gc.freeze)  # all memory is about to go: Python need not search it for cycles for 0.06 s
        raise
    return 0


def _with_command(given: list[str]) -> list[str]:
    """`acapella song.mp3` becomes `acapella isolate song.mp3`: a first word that is no command is a file.

    The flags that all commands share may stand anywhere. Nothing may be empty: `-o "$OUT"` where OUT is not set would
    be the current folder.
    """
    for before, word in pairwise(["acapella", *given]):
        if not word or (word.startswith("--") and word.endswith("=")):
            raise UsageError(f"Nothing follows {word.rstrip('=') or before}: is a variable not set?")
    flags, words = [word for word in given if word in FLAGS], [word for word in given if word not in FLAGS]
    if not words:
        return [*flags, "--help"]
    if words[0] in COMMANDS or words[0] in ("--version", "-h", "--help"):
        return [*flags, *words]
    if words[0].isalpha() and not Path(words[0]).exists():
        raise UsageError(f"{words[0]} is neither a command nor a file; acapella --help lists the commands.")
    return [*flags, "isolate", *words]


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    warn(str(message))
