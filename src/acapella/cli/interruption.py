"""Ctrl-C and the signals that ask a process to end: it clears up, says a word, and ends with 130."""

from __future__ import annotations

import os
import signal
import sys
import time

TYPE_CHECKING = False  # typing and the like are not imported: until the handlers are there, Ctrl-C gives a traceback
if TYPE_CHECKING:
    from types import FrameType, TracebackType
    from typing import Any, NoReturn, Self

EXIT_CODE = 130
SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
PATIENCE = 5.0  # seconds in which an interrupted command clears up and takes no second signal
AGAIN = 0.01  # seconds after which an interruption that got lost comes again
SHOW_CURSOR = "\x1b[?25h"  # which a progress bar hides


class Interruption:
    """While this context lasts, signals raise KeyboardInterrupt in the main thread, so that the command clears up.

    During an import they end the process at once, unless there is something to clear up: half-imported modules turn an
    exception into others, or complain as they go. Signals that whoever started the process wants ignored are ignored.
    """

    def __init__(self) -> None:
        self.happened = False
        self._raised = -PATIENCE  # when, in seconds
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in SIGNALS:
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                try:
                    self._previous[number] = signal.signal(number, self._handle)
                except ValueError:  # in another thread than the main one
                    break
        self._hook, sys.unraisablehook = sys.unraisablehook, self._notice
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sys.unraisablehook = self._hook
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def end(self) -> NoReturn:
        """Say it and end the process, without what Python does at its end: some of that is half-imported."""
        if files := sys.modules.get("acapella.whole_files"):
            files.remove_unfinished()
        text = SHOW_CURSOR if _is_terminal() else ""
        for stream in (sys.stdout, sys.stderr):
            try:
                if stream is sys.stderr:
                    stream.write(f"{text}Interrupted.\n")
                stream.flush()
            except (AttributeError, OSError, RuntimeError, ValueError):  # closed, or in the middle of writing
                pass
        os._exit(EXIT_CODE)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        clears_up = time.monotonic() - self._raised < PATIENCE
        self.happened = True
        if _is_importing(frame) and not _is_working():
            self.end()
        if not clears_up:
            self._raised = time.monotonic()
            raise KeyboardInterrupt

    def _notice(self, lost: sys.UnraisableHookArgs) -> None:
        """Be silent on what the interruption causes; where it was itself lost, in a destructor, it comes again."""
        if not self.happened:
            self._hook(lost)
        elif issubclass(lost.exc_type, KeyboardInterrupt):
            self._raised = -PATIENCE
            import _thread
            import threading

            again = threading.Timer(AGAIN, _thread.interrupt_main)
            again.daemon = True
            again.start()


def _is_importing(frame: FrameType | None) -> bool:
    while frame:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _is_working() -> bool:
    """Whether there is something to clear up: files that are half-written, or processes."""
    files, processes = (sys.modules.get(name) for name in ("acapella.whole_files", "multiprocessing.process"))
    return bool((files and files.is_writing()) or (processes and processes.active_children()))


def _is_terminal() -> bool:
    try:
        return os.isatty(2)
    except OSError:
        return False
