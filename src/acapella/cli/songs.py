"""Separate the songs that were named: from files to jobs, and from events to words."""

import shutil
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from acapella.cli.batch import BatchReport
from acapella.cli.console import report, warn, with_flags
from acapella.cli.progress import SongBars
from acapella.cli.streams import named_output
from acapella.errors import UsageError, printable
from acapella.isolation.options import AS_USUAL, WriteOptions
from acapella.isolation.outputs import NAME
from acapella.jobs.events import Done, End, Event, Failed, Progressed, Started
from acapella.jobs.job import DEFAULT, Job, ModelChoice, Result
from acapella.jobs.planning import check_overwrites, find_songs, plan_jobs, with_stems
from acapella.storage.address import Location
from acapella.whole_files import temporary_folder

if TYPE_CHECKING:
    from acapella.isolation.isolator import Isolator
    from acapella.jobs.executor import Executor
    from acapella.jobs.manifest import Manifest


@dataclass(frozen=True)
class Request:
    """What is asked for, beside the songs."""

    out_dir: Location | None = None
    stems: Sequence[str] | None = None  # None: the model's default
    model: ModelChoice = DEFAULT
    options: WriteOptions = AS_USUAL
    name: str = NAME
    pictures: bool = False
    recursive: bool = False
    skip_existing: bool = False
    overwrite: bool = False
    patience: float | None = None  # seconds, with pipes
    debug: bool = False


@dataclass(frozen=True)
class Plan:
    """The jobs on what was named, which of them are `to_do`, and whether all that was named was found."""

    jobs: Sequence[Job]
    to_do: Sequence[Job]
    complete: bool


def plan(
    files: Sequence[Location],
    request: Request,
    isolator: "Isolator",
    console: Console,
    manifest: "Manifest | None" = None,
) -> Plan:
    """The work on `files`, without what `manifest` knows to be done; UsageError where it cannot be done so."""
    found = find_songs(
        files,
        request.out_dir,
        recursive=request.recursive,
        stems=isolator.stems,
        name=request.name,
        model=request.model.name,
    )
    for error in found.empty:
        report(error)
    if found.left_out:
        others = f" and {len(found.left_out) - 1} more" if len(found.left_out) > 1 else ""
        console.print(printable(f"Left out, being stems: {found.left_out[0]}{others}."))
    jobs = plan_jobs(
        found.songs,
        request.out_dir,
        isolator.choose_stems(request.stems),
        model=request.model,
        options=request.options,
        name=request.name,
        pictures=request.pictures,
        subfolders=found.subfolders,
        patience=request.patience,
    )
    to_do = _without_done(jobs, request, console, manifest)
    if not request.overwrite:
        check_overwrites(to_do)
    for remark in isolator.remarks:
        console.print(with_flags(remark, "combine", "overlap", "phase"))
    return Plan(jobs, to_do, complete=not found.empty)


def _without_done(
    jobs: Sequence[Job], request: Request, console: Console, manifest: "Manifest | None"
) -> Sequence[Job]:
    """The `jobs` that neither the manifest nor, where that is asked for, their stems say are done."""
    to_do = [job for job in jobs if not (manifest and manifest.has_done(job))]
    if len(to_do) < len(jobs):
        console.print(f"{len(jobs) - len(to_do)} songs skipped: the manifest says that they are done.")
    if not request.skip_existing:
        return to_do
    there = with_stems(to_do)
    for job in to_do:
        if job.id in there:
            console.print(printable(f"{job.song} skipped: its stems are there."))
    return [job for job in to_do if job.id not in there]


def separate(
    plan: Plan,
    executor: "Executor",
    console: Console,
    progress: Console | None = None,
    *,
    debug: bool = False,
    manifest: "Manifest | None" = None,
    batch: bool = False,
) -> bool:
    """Execute what is planned, and say how it goes, of each song or of the whole `batch`; False if anything failed.

    How far it is goes to `progress`.
    """
    with ExitStack() as stack:
        if manifest:
            stack.enter_context(manifest)
        listener: SongReport | BatchReport
        if batch:
            listener = stack.enter_context(BatchReport(console, len(plan.to_do), debug=debug))
        else:
            listener = SongReport(console, stack.enter_context(SongBars(progress or console)), debug=debug)

        def listen(event: Event) -> None:
            if manifest and isinstance(event, End):
                manifest.add(event)
            listener(event)

        executor.run(plan.to_do, listen)
    done = listener.done + len(plan.jobs) - len(plan.to_do)
    if len(plan.jobs) > 1:
        console.print(f"{done} of {len(plan.jobs)} songs done.")
    return plan.complete and done == len(plan.jobs)


class SongReport:
    """Listens to jobs, and says on screen how they go."""

    def __init__(self, console: Console, bars: SongBars, *, debug: bool) -> None:
        self.done = 0
        self._console = console
        self._bars = bars
        self._debug = debug

    def __call__(self, event: Event) -> None:
        """Say it; with `debug`, raise what failed."""
        job = event.job
        if isinstance(event, End):
            self._bars.end(job.id)
        match event:
            case Started():
                self._bars.begin(job.id, printable(job.song.name))
            case Progressed():
                self._bars.update(job.id, event.samples, event.total)
            case Done():
                self._say_done(job, event.result)
            case Failed() if self._debug:
                raise event.error
            case Failed():
                report(event.error)

    def _say_done(self, job: Job, result: Result) -> None:
        self.done += 1
        for remark in result.remarks:
            warn(with_flags(remark, "bit_depth", "normalize"))
        paths = ", ".join(map(str, result.paths.values()))
        self._console.print(printable(f"{job.song} → {paths} ({result.seconds:.1f} s)"))


def separate_to_stdout(
    files: Sequence[Location], request: Request, isolator: "Isolator", executor: "Executor", console: Console
) -> bool:
    """Write one stem of one song to standard output; False if that failed."""
    if request.pictures or request.skip_existing:
        raise UsageError("-o - goes with neither --pictures nor --skip-existing.")
    if sys.stdout is None:
        raise UsageError("-o - writes to standard output, which is closed.")
    silent = Console(quiet=True)
    with temporary_folder() as folder:
        planned = plan(files, replace(request, out_dir=folder), isolator, silent)
        if len(planned.jobs) != 1:
            raise UsageError("-o - takes one song.")
        outputs = list(planned.jobs[0].outputs.values())
        if len(outputs) != 1:
            examples = " or ".join(f"--stems {stem}" for stem in isolator.choose_stems())
            raise UsageError(f"-o - writes one stem: add {examples}.")
        if not separate(planned, executor, silent, console, debug=request.debug):
            return False
        with Path(str(outputs[0])).open("rb") as file, named_output():
            shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.buffer.flush()
    return True
