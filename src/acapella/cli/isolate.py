"""`acapella isolate`: songs in, stems out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acapella.cli.console import make_console
from acapella.errors import UsageError
from acapella.registry import choose

if TYPE_CHECKING:
    from rich.console import Console

    from acapella.audio_files import BitDepth
    from acapella.cli.songs import Request

STANDARD = Path("-")  # input or output
BIT_DEPTHS: "dict[str, BitDepth]" = {"16": 16, "24": 24, "32f": "32f"}
EXAMPLES = """Examples:

\b
  acapella song.mp3                          song_vocal.wav and song_instrumental.wav, beside it
  acapella isolate *.flac -o stems --format flac
  acapella isolate music/ -r -j 4 --skip-existing
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
    model: Annotated[str | None, typer.Option(help="A name that `acapella models` lists, or an .onnx file.")] = None,
    stems: Annotated[
        str | None, typer.Option(help="Which stems to write (default: vocal,instrumental); all: those the model has.")
    ] = None,
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
    jobs: Annotated[
        int,
        typer.Option("-j", "--jobs", min=1, help="Songs at the same time, each in a process with its share of cores."),
    ] = 1,
    runtime: Annotated[
        str, typer.Option(help="What computes the network: onnxruntime, openvino, cuda, or auto.")
    ] = "auto",
) -> None:
    """Separate songs into vocals and instrumental."""
    from acapella.process_memory import paused_garbage_collection, share_freed_memory

    share_freed_memory()
    with paused_garbage_collection():
        from acapella.cli.songs import Request
        from acapella.jobs.job import ModelChoice

    if jobs > 1 and STANDARD in (*files, output):
        raise UsageError("-j goes with files, not with standard input or output.")
    request = Request(
        out_dir=output,
        stems=None if stems is None else [name.strip() for name in stems.split(",")],
        model=ModelChoice(model, phase, runtime=runtime),
        format=format,
        bit_depth=None if bit_depth is None else choose(BIT_DEPTHS, bit_depth, "bit_depth"),
        pictures=pictures,
        recursive=recursive,
        skip_existing=skip_existing,
        debug=context.obj["debug"],
    )
    if not _separate(files, request, make_console(context.obj["quiet"]), jobs):
        raise typer.Exit(1)


def _separate(files: list[Path], request: "Request", console: "Console", processes: int) -> bool:
    """Several songs at a time in so many `processes`, or one after the other in this one; False if any failed."""
    from acapella.cli.songs import plan, separate, separate_to_stdout
    from acapella.jobs.local import LocalExecutor
    from acapella.process_memory import paused_garbage_collection

    with LocalExecutor() as local:
        with paused_garbage_collection():
            isolator = local.isolator(request.model)  # what is wrong with the model is said before anything else
        if request.out_dir == STANDARD:
            return separate_to_stdout(files, request, isolator, local)
        planned = plan(files, request, isolator, console)
        if processes == 1:
            return separate(planned, local, console, debug=request.debug)
        del isolator
    from acapella.jobs.processes import ProcessExecutor

    with ProcessExecutor(max(1, min(processes, len(planned.to_do)))) as several:
        return separate(planned, several, console, debug=request.debug)


isolate.__doc__ = f"{isolate.__doc__}\n\n{EXAMPLES}"
