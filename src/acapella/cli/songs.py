"""Separate the songs that were named, one after the other."""

import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from acapella.cli.console import Stopwatch, report, song_progress
from acapella.errors import AcapellaError, UsageError

if TYPE_CHECKING:
    from acapella.audio_files import BitDepth
    from acapella.isolation.isolator import Isolator, Progress
    from acapella.isolation.outputs import Job

STDOUT = Path("-")


@dataclass(frozen=True)
class How:
    """What is asked for, beside the songs."""

    out_dir: Path | None = None
    stems: Sequence[str] = ("vocal", "instrumental")
    format: str = "wav"
    bit_depth: "BitDepth | None" = None
    pictures: bool = False
    recursive: bool = False
    skip_existing: bool = False
    debug: bool = False

    def check(self) -> None:
        """UsageError for what cannot be done with any song."""
        from acapella.audio_files import check_depth
        from acapella.pictures import check_installed

        check_depth(self.format, self.bit_depth or 16)
        if self.pictures:
            check_installed()
        if self.out_dir == STDOUT and (len(self.stems) != 1 or self.format != "wav"):
            raise UsageError("-o - writes one stem as wav: add --stems vocal or --stems instrumental.")
        if self.out_dir == STDOUT and (self.pictures or self.skip_existing):
            raise UsageError("-o - goes with neither --pictures nor --skip-existing.")


@dataclass(frozen=True)
class Work:
    """What is to be done: `jobs`, of which those `to_do` are not done yet, and whether all that was named was found."""

    jobs: Sequence["Job"]
    to_do: Sequence["Job"]
    complete: bool

    def report(self, done: int, console: Console) -> bool:
        """Say how many of those to do were `done`; False if anything failed."""
        done += len(self.jobs) - len(self.to_do)
        if len(self.jobs) > 1:
            console.print(f"{done} of {len(self.jobs)} songs done.")
        return self.complete and done == len(self.jobs)


def plan(files: Sequence[Path], how: How, console: Console) -> Work:
    """The work on `files`; UsageError, before any is done, where it cannot be done so."""
    from acapella.isolation.outputs import plan_jobs

    how.check()
    songs, complete = _songs(files, how)
    if how.out_dir == STDOUT and len(songs) != 1:
        raise UsageError("-o - takes one song.")
    jobs = plan_jobs(songs, how.out_dir, how.stems, how.format)
    skipped = [job for job in jobs if how.skip_existing and all(path.exists() for path in job.outputs.values())]
    for job in skipped:
        console.print(f"{job.song} skipped: its stems are there.")
    return Work(jobs, [job for job in jobs if job not in skipped], complete)


def announce(isolator: "Isolator", console: Console) -> None:
    """Say what is to be known before."""
    if not isolator.sums_to_mixture:
        console.print("PHASE=iterative: each song is held in memory, and its stems do not sum to it.")


def separate(files: Sequence[Path], isolator: "Isolator", how: How, console: Console) -> bool:
    """Separate `files` one after the other, and go on after one that fails; False if any failed."""
    work = plan(files, how, console)
    announce(isolator, console)
    if how.out_dir == STDOUT:
        _to_stdout(work.jobs[0].song, isolator, how)
        return work.complete
    return work.report(sum(_attempt(job, isolator, how, console) for job in work.to_do), console)


def _songs(files: Sequence[Path], how: How) -> tuple[list[Path], bool]:
    """The songs that `files` name, and whether each folder among them holds any."""
    from acapella.isolation.outputs import songs_below

    songs: list[Path] = []
    complete = True
    for path in files:
        if not path.is_dir():
            songs.append(path)
            continue
        if not how.recursive:
            raise UsageError(f"{path} is a folder: add -r to separate the songs in it.")
        try:
            songs.extend(songs_below(path, how.out_dir))
        except AcapellaError as error:
            report(error)
            complete = False
    return songs, complete


def _attempt(job: "Job", isolator: "Isolator", how: How, console: Console) -> bool:
    """Separate one song; False, and a sentence on screen, if that fails."""
    watch = Stopwatch()
    try:
        with song_progress(console, job.song.name) as progress:
            isolate(job, isolator, how, progress)
    except (AcapellaError, OSError) as error:
        if how.debug:
            raise
        report(error)
        return False
    say_done(job, watch, console)
    return True


def say_done(job: "Job", took: object, console: Console) -> None:
    """A line about a song that is separated."""
    console.print(f"{job.song} → {', '.join(str(path) for path in job.outputs.values())} ({took})")


def isolate(job: "Job", isolator: "Isolator", how: How, progress: "Progress | None" = None) -> None:
    """Separate one song."""
    folder = next(iter(job.outputs.values())).parent
    with _as_file(job.song) as song:
        isolator.isolate_file(
            song, folder, stems=how.stems, format=how.format, bit_depth=how.bit_depth, progress=progress
        )
        if how.pictures:
            from acapella.pictures import draw_spectrogram

            for audio in (song, *job.outputs.values()):
                draw_spectrogram(audio, folder / f"{audio.stem}.png")


def _to_stdout(song: Path, isolator: "Isolator", how: How) -> None:
    with tempfile.TemporaryDirectory(prefix="acapella-") as folder, _as_file(song) as path:
        (written,) = isolator.isolate_file(path, folder, stems=how.stems, bit_depth=how.bit_depth).values()
        with written.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
    sys.stdout.buffer.flush()


@contextmanager
def _as_file(song: Path) -> Iterator[Path]:
    """`song` as a file that can be read twice: what comes from a pipe is copied to a temporary one."""
    from acapella.isolation.outputs import STDIN, STDIN_NAME

    if song != STDIN and (song.is_file() or not song.exists()):
        yield song
        return
    with tempfile.TemporaryDirectory(prefix="acapella-") as folder:
        copy = Path(folder) / (STDIN_NAME if song == STDIN else song.name)
        with copy.open("wb") as file:
            if song == STDIN:
                shutil.copyfileobj(sys.stdin.buffer, file)
            else:
                with song.open("rb") as pipe:
                    shutil.copyfileobj(pipe, file)
        yield copy
