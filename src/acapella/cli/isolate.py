"""`acapella isolate`: songs in, stems out."""

import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from acapella.cli.console import Stopwatch, make_console, song_progress
from acapella.errors import AcapellaError, UsageError, choose

if TYPE_CHECKING:
    from acapella.audio_files import BitDepth
    from acapella.isolation.isolator import Isolator

STREAM = Path("-")
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
    format: Annotated[str, typer.Option(help="wav, flac, mp3, ogg, …")] = "wav",
    bit_depth: Annotated[
        str | None,
        typer.Option(help="16, 24 or 32f (wav only); default: 16, or the input's where it is higher."),
    ] = None,
    phase: Annotated[
        str,
        typer.Option(help="mixture: the stems sum to the input; iterative: reconstructed, as the original did."),
    ] = "mixture",
    pictures: Annotated[bool, typer.Option("--pictures", help="Draw spectrograms of the song and its stems.")] = False,
    recursive: Annotated[bool, typer.Option("-r", "--recursive", help="Separate the songs in folders.")] = False,
    skip_existing: Annotated[bool, typer.Option("--skip-existing", help="Leave songs whose stems are there.")] = False,
) -> None:
    """Separate songs into vocals and instrumental."""
    from acapella.isolation.isolator import Isolator
    from acapella.isolation.outputs import BIT_DEPTHS

    console = make_console(context.obj["quiet"])
    job = Job(
        Isolator.load(model, phase=phase),
        console,
        out_dir=output,
        stems=tuple(name.strip() for name in stems.split(",")),
        format=format,
        bit_depth=None if bit_depth is None else choose(BIT_DEPTHS, bit_depth, "--bit-depth"),
        pictures=pictures,
        skip_existing=skip_existing,
        debug=context.obj["debug"],
    )
    if not job.run(files, recursive):
        raise typer.Exit(1)


isolate.__doc__ = f"{isolate.__doc__}\n\n{EXAMPLES}"


class Job:
    """Separates songs one after the other, and goes on after one that fails."""

    def __init__(
        self,
        isolator: "Isolator",
        console: Console,
        *,
        out_dir: Path | None = None,
        stems: Sequence[str] = ("vocal", "instrumental"),
        format: str = "wav",
        bit_depth: "BitDepth | None" = None,
        pictures: bool = False,
        skip_existing: bool = False,
        debug: bool = False,
    ) -> None:
        if out_dir == STREAM and (len(stems) != 1 or format != "wav"):
            raise UsageError("-o - writes one stem as wav: add --stems vocal or --stems instrumental.")
        self._isolator = isolator
        self._console = console
        self._out_dir = out_dir
        self._stems = stems
        self._format = format
        self._bit_depth = bit_depth
        self._pictures = pictures
        self._skip_existing = skip_existing
        self._debug = debug
        if not isolator.sums_to_mixture:
            console.print("PHASE=iterative: each song is held in memory, and its stems do not sum to it.")

    def run(self, files: Sequence[Path], recursive: bool = False) -> bool:
        """Separate `files`; False if any failed."""
        from acapella.isolation.outputs import check_distinct, songs_in

        songs = songs_in(files, recursive)
        if self._out_dir == STREAM:
            if len(songs) != 1:
                raise UsageError("-o - takes one song.")
            return self._to_stdout(songs[0])
        check_distinct(songs, self._out_dir)
        failed = [song for song in songs if not self._attempt(song)]
        if len(songs) > 1:
            self._console.print(f"{len(songs) - len(failed)} of {len(songs)} songs done.")
        return not failed

    def _attempt(self, song: Path) -> bool:
        try:
            with _opened(song) as path:
                self._separate(path, self._folder_for(song))
        except UsageError:
            raise
        except AcapellaError as error:
            if self._debug:
                raise
            typer.echo(f"Error: {error}", err=True)
            return False
        return True

    def _folder_for(self, song: Path) -> Path | None:
        if self._out_dir is not None:
            return self._out_dir
        return Path() if song == STREAM else None

    def _separate(self, song: Path, folder: Path | None) -> None:
        from acapella.isolation.outputs import output_paths

        paths = output_paths(song, folder, self._stems, self._format)
        if self._skip_existing and all(path.exists() for path in paths.values()):
            self._console.print(f"{song} skipped: its stems are there.")
            return
        watch = Stopwatch()
        with song_progress(self._console, song.name) as progress:
            self._isolator.isolate_file(
                song,
                folder,
                stems=self._stems,
                format=self._format,
                bit_depth=self._bit_depth,
                progress=progress,
            )
        self._console.print(f"{song} → {', '.join(str(path) for path in paths.values())} ({watch})")
        if self._pictures:
            self._draw(song, paths, folder or song.parent)

    def _draw(self, song: Path, stems: dict[str, Path], folder: Path) -> None:
        from acapella.pictures import draw_spectrogram

        for audio, name in [(song, song.stem), *((path, path.stem) for path in stems.values())]:
            draw_spectrogram(audio, folder / f"{name}.png")

    def _to_stdout(self, song: Path) -> bool:
        with tempfile.TemporaryDirectory(prefix="acapella-") as folder, _opened(song) as path:
            written = self._isolator.isolate_file(path, folder, stems=self._stems, bit_depth=self._bit_depth)
            with written[self._stems[0]].open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return True


@contextmanager
def _opened(song: Path) -> Iterator[Path]:
    """The path of `song`; standard input is spooled to a temporary file, since it may have to be read twice."""
    if song != STREAM:
        yield song
        return
    with tempfile.TemporaryDirectory(prefix="acapella-") as folder:
        spooled = Path(folder) / "stdin"
        with spooled.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield spooled
