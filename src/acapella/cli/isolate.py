"""`acapella isolate`: songs in, stems out."""

import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from acapella.cli.console import Stopwatch, make_console, report, song_progress
from acapella.errors import AcapellaError, UsageError, choose

if TYPE_CHECKING:
    from acapella.audio_files import BitDepth
    from acapella.isolation.isolator import Isolator
    from acapella.isolation.outputs import Job

STDOUT = Path("-")
EXAMPLES = """Examples:

\b
  acapella song.mp3                          song_vocal.wav and song_instrumental.wav, beside it
  acapella isolate *.flac -o stems --format flac
  acapella isolate music/ -r --skip-existing
  acapella isolate song.m4a --stems vocal    the acapella alone
  cat song.wav | acapella isolate - -o - --stems vocal > vocal.wav
"""


def isolate(
    context: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(help="Songs in any common audio or video format; - is standard input.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Folder for the stems (default: beside each song); - is standard output."),
    ] = None,
    model: Annotated[str | None, typer.Option(help="A model file (.onnx) or the name of a bundled model.")] = None,
    stems: Annotated[str, typer.Option(help="Which stems to write.")] = "vocal,instrumental",
    format: Annotated[str, typer.Option(help="wav, flac, aiff, mp3, ogg, opus or m4a.")] = "wav",
    bit_depth: Annotated[
        str | None, typer.Option(help="16, 24 or (wav) 32f; default: 16, or the input's where it is higher.")
    ] = None,
    phase: Annotated[
        str, typer.Option(help="mixture: the stems sum to the input; iterative: reconstructed, as the original did.")
    ] = "mixture",
    pictures: Annotated[
        bool, typer.Option("--pictures", help="Draw spectrograms of song and stems; needs [analysis].")
    ] = False,
    recursive: Annotated[
        bool, typer.Option("-r", "--recursive", help="Separate the songs in folders; with -o all stems go into one.")
    ] = False,
    skip_existing: Annotated[bool, typer.Option("--skip-existing", help="Leave songs whose stems are there.")] = False,
) -> None:
    """Separate songs into vocals and instrumental."""
    from acapella.isolation.isolator import Isolator
    from acapella.isolation.outputs import BIT_DEPTHS

    how = How(
        out_dir=output,
        stems=tuple(name.strip() for name in stems.split(",")),
        format=format,
        bit_depth=None if bit_depth is None else choose(BIT_DEPTHS, bit_depth, "--bit-depth"),
        pictures=pictures,
        recursive=recursive,
        skip_existing=skip_existing,
        debug=context.obj["debug"],
    )
    isolator = Isolator.load(model, phase=phase)
    if not separate(files, isolator, how, make_console(context.obj["quiet"])):
        raise typer.Exit(1)


isolate.__doc__ = f"{isolate.__doc__}\n\n{EXAMPLES}"


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


def separate(files: Sequence[Path], isolator: "Isolator", how: How, console: Console) -> bool:
    """Separate `files` one after the other, and go on after one that fails; False if any failed."""
    from acapella.isolation.outputs import plan_jobs

    how.check()
    if not isolator.sums_to_mixture:
        console.print("PHASE=iterative: each song is held in memory, and its stems do not sum to it.")
    songs, complete = _songs(files, how)
    if how.out_dir == STDOUT:
        if len(songs) != 1:
            raise UsageError("-o - takes one song.")
        _to_stdout(songs[0], isolator, how)
        return complete
    jobs = plan_jobs(songs, how.out_dir, how.stems, how.format)
    done = sum(_attempt(job, isolator, how, console) for job in jobs)
    if len(jobs) > 1:
        console.print(f"{done} of {len(jobs)} songs done.")
    return complete and done == len(jobs)


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
    if how.skip_existing and all(path.exists() for path in job.outputs.values()):
        console.print(f"{job.song} skipped: its stems are there.")
        return True
    try:
        _isolate(job, isolator, how, console)
    except (AcapellaError, OSError) as error:
        if how.debug:
            raise
        report(error)
        return False
    return True


def _isolate(job: "Job", isolator: "Isolator", how: How, console: Console) -> None:
    watch = Stopwatch()
    folder = next(iter(job.outputs.values())).parent
    with _as_file(job.song) as song:
        with song_progress(console, job.song.name) as progress:
            isolator.isolate_file(
                song, folder, stems=how.stems, format=how.format, bit_depth=how.bit_depth, progress=progress
            )
        console.print(f"{job.song} → {', '.join(str(path) for path in job.outputs.values())} ({watch})")
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
