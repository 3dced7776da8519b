"""Everything that Acapella raises on purpose, drawn as a tree.

    AcapellaError
    ├── UsageError            wrong command line, option or combination        exit code 2
    │   ├── SettingsError         a variable has a value that is not allowed
    │   └── MissingExtraError     the command needs packages that are not installed
    ├── ProcessDiedError      a process that worked on a song is no more      exit code 1
    ├── TrainingError         a training cannot go on                          exit code 1
    └── InputError            a file or folder cannot be used                  exit code 1
        ├── AudioFileError        cannot be read, decoded or written
        ├── CorpusError           no usable tracks, or a track that does not fit
        └── ModelFileError        not a model of ours, or of a version we do not know

A message is one sentence that names the thing and the remedy. It speaks of arguments as Python has them; where
a `UsageError` says which one is wrong, the command line puts its own name for it in. All can be pickled.
"""

import os
import reprlib

QUOTED = 200  # characters of a wrong value in a message
_SHORT = reprlib.Repr()
_SHORT.maxlevel, _SHORT.maxlist, _SHORT.maxtuple, _SHORT.maxdict, _SHORT.maxset = 4, 10, 10, 10, 10
_SHORT.maxstring = _SHORT.maxlong = _SHORT.maxother = QUOTED


class AcapellaError(Exception):
    """Base of all errors whose message is meant for the person at the keyboard."""

    exit_code = 1


class UsageError(AcapellaError):
    """The request itself is wrong, before any work is done; the message names `arguments`, if it is about any."""

    exit_code = 2

    def __init__(self, message: str, *arguments: str) -> None:
        super().__init__(message)
        self.arguments = arguments

    @property
    def argument(self) -> str | None:
        """The first of them."""
        return next(iter(self.arguments), None)


class SettingsError(UsageError):
    """A variable holds a value that is not allowed."""


class MissingExtraError(UsageError):
    """An optional dependency is needed and not installed."""

    def __init__(self, purpose: str, extra: str) -> None:
        super().__init__(f"{purpose} needs packages that are not installed: pip install '.[{extra}]' in the checkout.")
        self.purpose = purpose
        self.extra = extra

    def __reduce__(self) -> tuple[type["MissingExtraError"], tuple[str, str]]:
        return type(self), (self.purpose, self.extra)


class ProcessDiedError(AcapellaError):
    """The process that worked on a song has died: it crashed, was killed, or reached a limit."""


class TrainingError(AcapellaError):
    """A training cannot go on: its loss is no number any more, for example."""


class InputError(AcapellaError):
    """A file or folder that was named cannot be used."""


class AudioFileError(InputError):
    """An audio file cannot be read, decoded or written."""


class CorpusError(InputError):
    """A training corpus, or a track in it, cannot be used."""


class ModelFileError(InputError):
    """A model or weight file cannot be used."""


def quoted(value: object) -> str:
    """A wrong value as Python writes it, shortened: it may be of any size."""
    if isinstance(value, str):
        return repr(value) if len(value) <= QUOTED else f"{value[:QUOTED]!r}…"
    return shortened(_SHORT.repr(value))


def shortened(text: str) -> str:
    """The first characters of a `text`, as many as a message may quote."""
    return text if len(text) <= QUOTED else f"{text[:QUOTED]}…"


def printable(text: str) -> str:
    """`text` without what a terminal takes for a command, or breaks a line at: names of files may hold that."""
    return "".join(mark if mark.isprintable() else "\N{REPLACEMENT CHARACTER}" for mark in text)


def sentence(error: Exception) -> str:
    """What went wrong, as one sentence; of errors of the system, the file and the reason."""
    if isinstance(error, OSError) and error.strerror:
        name = "" if isinstance(error.filename, int) else os.fsdecode(error.filename or "")
        where = f"{shortened(name)}: " if name else ""
        return f"{where}{error.strerror}."
    return str(error)


def as_ours(error: Exception, about: str = "") -> AcapellaError:
    """`error` as one of ours, which says what it is `about` where that is known; its cause is the error itself."""
    if isinstance(error, AcapellaError):
        return error
    where = f"{about}: " if about else ""
    shown = f"{type(error).__name__} ({str(error)[:QUOTED]})"
    ours: AcapellaError
    if isinstance(error, OSError):
        ours = InputError(sentence(error) if error.filename or not about else f"{where}{sentence(error)}")
    elif isinstance(error, MemoryError):
        ours = InputError(f"{where}memory is too short; close other programs, or do less at the same time.")
    elif isinstance(error, ImportError) or "can't start new thread" in str(error):
        ours = InputError(f"{where}the system gives too little to work with, or the installation is damaged: {shown}.")
    else:
        ours = AcapellaError(f"{where}{shown}, which is a defect of Acapella.")
    ours.__cause__ = error
    return ours
