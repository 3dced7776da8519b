"""The command line: `acapella COMMAND …`, and `acapella FILE…`, short for `acapella isolate FILE…`.

    app.py           the commands, and what all of them have in common
    interruption.py  Ctrl-C and the like
    streams.py       standard input, output and error

This file imports next to nothing, so that Ctrl-C is answered with a word from the first moment on.
"""

from __future__ import annotations

import sys

from acapella.cli.interruption import EXIT_CODE, Interruption

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with 0 (done), 1 (an input failed), 2 (wrong usage) or 130 (interrupted)."""
    run_guarded(_run_app, list(sys.argv[1:] if arguments is None else arguments))


def _run_app(words: list[str]) -> int | None:
    from acapella.cli.app import run

    return run(words)


def run_guarded(command: Callable[[list[str]], int | None], arguments: list[str]) -> None:
    """Run `command` and exit: errors become one sentence and their exit code, and a signal 130."""
    with Interruption() as interruption:
        from acapella.cli.streams import discard_output, prepare_streams

        prepare_streams()
        try:
            code = _run(command, arguments)
        except Exception as error:
            if "--debug" in arguments and not interruption.happened:
                raise
            code = 1 if interruption.happened else _report(error)
        if interruption.happened:
            interruption.end()
        if code == EXIT_CODE:
            _say_interrupted()
        discard_output()
    sys.exit(code)


def _run(command: Callable[[list[str]], int | None], arguments: list[str]) -> int:
    from acapella.cli.streams import flush_output

    try:
        code = command(arguments) or 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(bool(end.code))
    except KeyboardInterrupt:
        code = EXIT_CODE
    flush_output()
    return code


def _say_interrupted() -> None:
    from acapella.cli.console import say

    say("Interrupted.")


def _report(error: Exception) -> int:
    """Say what went wrong; returns the exit code."""
    from acapella.cli.console import report
    from acapella.errors import AcapellaError, as_ours

    failure = as_ours(error)
    if not isinstance(error, BrokenPipeError):  # whoever reads has read enough
        report(failure)
    return failure.exit_code if isinstance(failure, AcapellaError) else 1
