"""The journal of a search: Optuna's records, a line of JSON each, which a killed process may have left incomplete."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from optuna.exceptions import OptunaError
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.storages.journal._file import get_lock_file

from acapella.errors import InputError

JOURNAL = "journal.log"
LONGEST_LINE = 1 << 20  # bytes
DAMAGE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    OptunaError,
)


def open_journal(folder: Path) -> JournalStorage:
    """The storage in `folder`; use it, the first time, in `damage_named`."""
    journal = folder / JOURNAL
    lock = JournalFileOpenLock(str(journal))
    if journal.is_file():
        with get_lock_file(lock):
            _drop_incomplete_line(journal)
    return JournalStorage(JournalFileBackend(str(journal), lock_obj=lock))


@contextmanager
def damage_named(folder: Path) -> Iterator[None]:
    """Whatever a damaged journal makes Optuna raise in this context becomes an InputError that names it."""
    try:
        yield
    except DAMAGE as error:
        raise InputError(f"{folder / JOURNAL} is damaged; move the folder {folder} away to begin anew.") from error


def _drop_incomplete_line(journal: Path) -> None:
    """Cut off what a process wrote that was killed over it: the next one would write on in the same line."""
    with journal.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        start = max(0, size - LONGEST_LINE)
        file.seek(start)
        end = file.read()
        _, newline, rest = end.rpartition(b"\n")
        if rest.startswith(b"{") and (newline or not start):
            file.truncate(size - len(rest))
