"""Run folders in object stores: LOG_BASE=s3://bucket/logs.

A run lies in a temporary folder while it is trained, and what has changed goes to the store whenever the training is
saved, and at its end.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from acapella.errors import InputError, sentence
from acapella.experiments.run_folder import LAST, SETTINGS_FILE, remote
from acapella.settings import Settings
from acapella.storage.address import Address
from acapella.training.events import Note, Saved, TrainingEvent, TrainingListener
from acapella.training.ranks import this_rank
from acapella.training.resume import RESUME_NAME
from acapella.whole_files import temporary_folder


class LocalLogs:
    """A local folder `base` for the runs of `settings`, and a listener that brings what was saved to the store."""

    def __init__(self, settings: Settings, base: Path, there: Address, listen: TrainingListener) -> None:
        self.settings = settings.model_copy(update={"log_base": base})
        self.base = base
        self._there = there
        self._listen = listen
        self._stored: dict[Path, tuple[int, int]] = {}  # time and size of files that are there

    def listen(self, event: TrainingEvent) -> None:
        """Pass on, and store; a store that cannot be reached now may be the next time."""
        if isinstance(event, Note):
            event = Note(event.text.replace(str(self.base), str(self._there)))
        self._listen(event)
        if isinstance(event, Saved):
            try:
                self.store()
            except InputError as error:
                self._listen(Note(f"{sentence(error)} It is tried again when the training is saved next."))

    def fetch(self, run: Address) -> Path:
        """The files of a run, here."""
        from acapella.storage.stores import fetch, list_files

        folder = self.base / run.name
        for file in list_files(run):
            path = folder / file.text.removeprefix(f"{run.text.rstrip('/')}/")
            path.parent.mkdir(parents=True, exist_ok=True)
            fetch(file, path)
            self._stored[path] = _state(path)
        return folder

    def store(self) -> None:
        """Store what has changed, on the first rank; the resume point comes last, when all that it needs is there."""
        from acapella.storage.stores import store

        if not this_rank().is_first:
            return
        files = [path for path in self.base.glob("*/**/*") if path.is_file() and not path.name.startswith(".")]
        for path in sorted(files, key=lambda path: (path.name == RESUME_NAME, path)):
            if self._stored.get(path) != (state := _state(path)):
                if path.name == SETTINGS_FILE:  # which names LOG_BASE
                    text = path.read_text(encoding="utf-8").replace(str(self.base), str(self._there))
                    path.write_text(text, encoding="utf-8")
                store(path, self.there(path))
                self._stored[path] = state if path.name != SETTINGS_FILE else _state(path)
        if (self.base / LAST).exists():
            name = self.base / ".last"
            name.write_text(f"{(self.base / LAST).resolve().name}\n", encoding="utf-8")
            store(name, self._there / LAST)

    def there(self, path: Path) -> Address:
        """Where a file of this folder goes."""
        return self._there / PurePosixPath(path.relative_to(self.base)).as_posix()


def _state(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size


@contextmanager
def local_logs(settings: Settings, listen: TrainingListener) -> Iterator[LocalLogs | None]:
    """A local folder in place of a LOG_BASE in a store; None where that is a local one itself."""
    there = remote(settings.log_base)
    if there is None:
        yield None
        return
    from acapella.storage.stores import check_installed

    check_installed(there)
    with temporary_folder() as base:
        yield LocalLogs(settings, base.resolve(), there, listen)


def find_remote_run(folder: Address) -> tuple[Address, str]:
    """The run that `folder` is, or that of the last name in it, and its settings as text."""
    from acapella.storage.stores import exists, list_files

    if folder.name == LAST:
        folder = folder.parent / _read(folder).strip()
    if not exists(folder / SETTINGS_FILE):
        runs = {file.parent for file in list_files(folder) if file.name == SETTINGS_FILE}
        if not runs:
            raise InputError(f"{folder} holds no run to resume; name a run folder, or LOG_BASE for its newest run.")
        folder = max(runs)
    if not exists(folder / RESUME_NAME):
        raise InputError(f"{folder} holds no {RESUME_NAME}: this run cannot be resumed; train anew.")
    return folder, _read(folder / SETTINGS_FILE)


def _read(file: Address) -> str:
    from acapella.storage.stores import fetch

    with temporary_folder() as folder:
        fetch(file, folder / file.name)
        return (folder / file.name).read_text(encoding="utf-8")
