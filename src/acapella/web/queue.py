"""From waiting songs to the processes that separate them."""

import logging
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition, Event, Lock, Thread
from typing import TypeVar

import soundfile

from acapella.errors import AcapellaError, InputError, ProcessDiedError, sentence
from acapella.isolation.options import MIXTURE, WriteOptions
from acapella.jobs.events import Done, Failed, Progressed
from acapella.jobs.events import Event as JobEvent
from acapella.jobs.executor import Executor
from acapella.jobs.job import Job, ModelChoice
from acapella.jobs.job import Result as JobResult
from acapella.web.changes import Changes
from acapella.web.files import SongFiles, bytes_below
from acapella.web.records import Record, Separated
from acapella.web.settings import ServerSettings
from acapella.web.store import Store

log = logging.getLogger("acapella.web")
Result = TypeVar("Result")
STOPPING = 1.0  # seconds in which the end of a worker may turn out to be that of the server


@dataclass
class Running:
    """A song that is being separated."""

    song: Record
    job: Job
    began: float  # by the monotonic clock
    heard: float  # when it last made progress
    share: float | None = None  # that is done, 0 to 1
    gave_up: bool = False
    end: JobEvent | None = None
    separated: Separated | None = None  # what is known of it when it is done

    @property
    def seconds_left(self) -> float | None:
        """An estimate from the share that is done."""
        return None if not self.share else (self.heard - self.began) * (1 / self.share - 1)


class SongQueue:
    """Runs waiting songs, one for each worker, in the order that the store gives them."""

    def __init__(
        self, settings: ServerSettings, store: Store, files: SongFiles, changes: Changes, executor: Executor
    ) -> None:
        self._settings, self._store, self._files, self._changes = settings, store, files, changes
        self._executor = executor
        self._running: dict[str, Running] = {}  # by the id of the song
        self._lock = Lock()  # of the line above
        self._news = Condition()
        self._stopping = Event()
        self._threads = [Thread(target=self._work, name=f"queue-{n}") for n in range(settings.workers)]
        self.positions_changed = True
        self.separated_seconds = 0.0  # of audio
        self.working_seconds = 0.0
        self.ended = {"done": 0, "failed": 0, "cancelled": 0}

    def start(self) -> None:
        """Begin to work."""
        for thread in self._threads:
            thread.start()

    def announce_stop(self) -> None:
        """From now on, what ends has not failed but been broken off. May be called from a signal handler."""
        self._stopping.set()

    def stop(self) -> None:
        """Break off what runs, which waits again then, and let the processes go."""
        self.announce_stop()
        with self._news:
            self._news.notify_all()
        for running in self.running():
            self._executor.cancel(running.job.id)
        for thread in self._threads:
            thread.join()
        self._executor.close()

    def notify(self) -> None:
        """A song has come, or has gone."""
        self.positions_changed = True
        with self._news:
            self._news.notify_all()

    def running(self) -> list[Running]:
        """The songs that run."""
        with self._lock:
            return list(self._running.values())

    def find(self, song: str) -> Running | None:
        """The song, if it runs."""
        with self._lock:
            return self._running.get(song)

    def cancel(self, song: str) -> bool:
        """End the work on a song whose state says already that it is not to run; whether there was any."""
        if running := self.find(song):
            self._executor.cancel(running.job.id)
        self.notify()
        return running is not None

    def give_up(self, running: Running) -> None:
        """End the work on a song that makes no progress."""
        running.gave_up = True
        self._executor.cancel(running.job.id)

    def _work(self) -> None:
        while not self._stopping.is_set():
            song = self._try(self._store.start_next)
            if song:
                self._separate(song)
            else:
                with self._news:
                    self._news.wait(timeout=1)

    def _separate(self, song: Record) -> None:
        job = self._job(song)
        now = time.monotonic()
        with self._lock:
            running = self._running[song.id] = Running(song, job, now, now)
        self._tell(song)
        self.positions_changed = True
        if self._try(lambda: self._still_wanted(song)):
            self._run(running)
        self._try(lambda: self._end(running))
        self.working_seconds += time.monotonic() - now
        with self._lock:
            del self._running[song.id]
        if self._try(lambda: self._store.find(song.id)) is None and not self._stopping.is_set():
            self._files.remove(song.id)  # it was deleted while it ran
        self._tell(song)

    def _run(self, running: Running) -> None:
        """Let the executor separate the song; whatever goes wrong, the thread goes on."""
        try:
            self._executor.run([running.job], lambda event: self._hear(running, event))
            if isinstance(running.end, Done):
                running.separated = self._separated(running.song, running.end.result)
        except Exception as error:  # no process can be started, perhaps: the next song may have more luck
            log.exception("A song could not be separated.")
            running.end = Failed(running.job, AcapellaError(f"{running.song.name}: {type(error).__name__} ({error})."))

    def _try(self, action: Callable[[], Result]) -> Result | None:
        """Do something with the store until it works: a disk that is full may be cleared. None if the server ends."""
        while True:
            try:
                return action()
            except sqlite3.Error as error:
                log.warning("The store cannot be used (%s); it is tried again.", error)
            if self._stopping.wait(1):
                return None

    def _job(self, song: Record) -> Job:
        return Job(
            self._files.upload(song.id),
            self._files.outputs(song.id, song.attempt, song.stems),
            ModelChoice(song.model),
            WriteOptions(longest=self._settings.longest),
        )

    def _still_wanted(self, song: Record) -> bool:
        """Whether it has been cancelled or deleted before it could be found among those that run."""
        now = self._store.find(song.id)
        return now is not None and now.state == "running" and now.attempt == song.attempt

    def _hear(self, running: Running, event: JobEvent) -> None:
        if isinstance(event, Progressed):
            running.heard = time.monotonic()
            running.share = min(1.0, event.samples / event.total) if event.total else None
            self._changes.mark(running.song.id)
        else:
            running.end = event

    def _end(self, running: Running) -> None:
        """Note what came of the song; the files of an attempt that is not done are removed."""
        song, state = running.song, "cancelled"
        if running.separated:
            if self._store.finish(song, running.separated):
                state = "done"
                self.separated_seconds += running.separated.duration
        elif self._was_broken_off(running):
            self._store.wait_again(song)
            self._files.remove_results(song.id, song.attempt)
            return
        elif self._store.fail(song, self._reason(running)):
            state = "failed"
        self.ended[state] += 1
        if state != "done":
            self._files.remove_results(song.id, song.attempt)

    def _was_broken_off(self, running: Running) -> bool:
        """Whether the server ends, and the song with it: Ctrl-C reaches the workers first, perhaps."""
        if running.gave_up:
            return False
        if isinstance(running.end, Failed) and isinstance(running.end.error, ProcessDiedError):
            return self._stopping.wait(STOPPING)
        return self._stopping.is_set() and not isinstance(running.end, Failed)

    def _reason(self, running: Running) -> str:
        """Why it failed, with the song's own name in place of its file's."""
        song = running.song
        if running.gave_up:
            return f"{song.name}: it made no progress for {self._settings.patience / 60:g} minutes."
        if isinstance(running.end, Failed):
            if not isinstance(running.end.error, InputError):
                log.warning("%s", "".join([str(running.end.error), *getattr(running.end.error, "__notes__", [])]))
            return sentence(running.end.error).replace(str(self._files.upload(song.id)), song.name)
        return f"{song.name}: the work on it was broken off."

    def _separated(self, song: Record, result: JobResult) -> Separated:
        info = soundfile.info(result.paths[MIXTURE])
        clipped = {stem: count for stem, count in result.clipped.items() if stem != MIXTURE}
        remarks = [
            f"{stem}: {count} samples were louder than full scale and are clipped." for stem, count in clipped.items()
        ]
        size = bytes_below(self._files.results(song.id, song.attempt))
        return Separated(result.duration, info.samplerate, info.channels, info.frames, remarks, size)

    def _tell(self, song: Record) -> None:
        self._changes.mark(song.id)
