"""`acapella isolate`: songs in, stems out."""

from pathlib import Path
from typing import Annotated

import typer

from acapella.cli.console import make_console
from acapella.cli.songs import How, separate
from acapella.registry import choose

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
        from acapella.cli.side_by_side import Engine, separate_side_by_side
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
    engine = Engine(model, phase, runtime)
    console = make_console(context.obj["quiet"])
    if jobs > 1:
        separated = separate_side_by_side(files, engine, how, console, jobs)
    else:
        separated = separate(files, engine.open(), how, console)
    if not separated:
        raise typer.Exit(1)


isolate.__doc__ = f"{isolate.__doc__}\n\n{EXAMPLES}"
