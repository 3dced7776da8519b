"""`acapella prepare`: published data sets in, a corpus to train on out."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from acapella.cli.console import make_console, report
from acapella.errors import AcapellaError

if TYPE_CHECKING:
    from rich.console import Console

    from acapella.corpus.importers import Song

    OverAll = Callable[[Callable[[Song], "Attempt"], list[Song]], Iterator["Attempt"]]

Status = Literal["written", "there", "left out", "failed"]
Attempt = tuple[Status, str, AcapellaError | OSError | None]

DATA_SETS = """Data sets:

\b
  musdb18   MUSDB18 (NAME.stem.mp4) or MUSDB18-HQ (NAME/vocals.wav, drums.wav, bass.wav, other.wav)
  medleydb  MedleyDB 1 or 2: the stems, added up by TITLE_METADATA.yaml into vocals and the rest
  mir1k     MIR-1K: left is the music, right the voice; of its folders only Wavfile, where it is there
  stems     a folder a song: vocals.* and any other stems, which are added up; mixture.* is not used

The mixture is always the sum of the stems. Run again, it goes on where it stopped. What cannot be used is named
with the reason.

The folders train and test of MUSDB18 are kept. Names in VALIDATION_TRACKS and TEST_TRACKS match where they are a part
of a track's name, its folders included: TEST_TRACKS=test/ keeps all test songs out of training.

Examples:

\b
  acapella prepare musdb18 musdb18hq corpus
  acapella prepare mir1k MIR-1K corpus/mir1k
  acapella prepare musdb18 musdb18hq corpus --cluster auto
  DATA=corpus TEST_TRACKS=test/ acapella train
"""


def prepare(
    context: typer.Context,
    data_set: Annotated[str, typer.Argument(help="musdb18, medleydb, mir1k or stems.")],
    source: Annotated[Path, typer.Argument(help="Where the data set lies.")],
    destination: Annotated[Path, typer.Argument(help="The corpus to write.")],
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Do it on a Ray cluster; local: one of this machine.")
    ] = None,
) -> None:
    """Bring a data set into the corpus layout."""
    from acapella.corpus.importers import find_songs

    console = make_console(context.obj["quiet"])
    songs = find_songs(data_set, source, destination)
    destination.mkdir(parents=True, exist_ok=True)
    names: dict[Status, list[str]] = defaultdict(list)
    attempt = partial(_attempt, destination)
    with _workers(cluster) as over_all, _progress(console, len(songs)) as advance:
        for song, (status, remark, error) in zip(songs, over_all(attempt, songs), strict=True):
            if error:
                if context.obj["debug"]:
                    raise error
                report(error)
            names[status].append(song.name)
            advance(song.name, status, remark)
    console.print(f"{destination}: {_summary(names)}.")
    if any(song.name.startswith("test/") for song in songs):
        console.print("Set TEST_TRACKS=test/ when you train, to keep the test songs out.")
    if names["failed"] or not (names["written"] or names["there"]):
        raise typer.Exit(1)


prepare.__doc__ = f"{prepare.__doc__}\n\n{DATA_SETS}"


@contextmanager
def _workers(cluster: str | None) -> "Iterator[OverAll]":
    """This process, or those of a cluster; source and destination must mean the same on all its machines."""
    if cluster is None:
        yield map
        return
    from acapella.jobs.ray_tasks import RayTasks

    with RayTasks(cluster, gpus=False) as tasks:
        yield tasks.map


def _attempt(destination: Path, song: "Song") -> Attempt:
    """Write one song; what became of it, what is to be said of it, and the error where it failed."""
    from acapella.corpus.importers import LeftOutError, is_written, write_song

    try:
        if is_written(song, destination):
            return "there", "", None
        return "written", write_song(song, destination), None
    except LeftOutError as error:
        return "left out", str(error), None
    except (AcapellaError, OSError) as error:
        return "failed", "", error


def _summary(names: dict[Status, list[str]]) -> str:
    """Such as "90 songs written; 3 were there; 1 failed: NAME"."""
    written = len(names["written"])
    parts = [f"{written} song{'' if written == 1 else 's'} written"]
    if names["there"]:
        parts.append(f"{len(names['there'])} were there")
    for status in ("left out", "failed"):
        if names[status]:
            parts.append(f"{len(names[status])} {status}: {', '.join(names[status])}")
    return "; ".join(parts)


@contextmanager
def _progress(console: "Console", total: int) -> Iterator[Callable[[str, Status, str], None]]:
    """A bar for all songs, and lines for those with a remark; where there is no terminal, a line for each."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("Preparing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    shown = console.is_terminal and not console.quiet
    with Progress(*columns, console=console, transient=True, disable=not shown) as bar:
        task = bar.add_task("", total=total)

        def advance(name: str, status: Status, remark: str) -> None:
            bar.advance(task)
            number = f"{int(bar.tasks[0].completed)}/{total} {name}"
            if status == "left out":
                console.print(f"{number} is left out: {remark}")
            elif remark:
                console.print(f"{number} ({remark})")
            elif status == "written" and not shown:
                console.print(number)

        yield advance
