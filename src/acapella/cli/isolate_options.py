"""The options of `acapella isolate`, in groups, and what their texts mean."""

import re
from pathlib import Path
from typing import Annotated

import typer

from acapella.errors import UsageError

OUTPUTS = "What is written"
MODELS = "Which models"
QUALITY = "More time for a better result"
WORK = "How the work is done"

Files = Annotated[
    list[str],
    typer.Argument(help="Songs in any common audio or video format: files, https://… or s3://…; - is standard input."),
]

Output = Annotated[
    str | None,
    typer.Option(
        "-o",
        "--output",
        help="Folder for the stems, s3://… too (default: beside each song); - is standard output.",
        rich_help_panel=OUTPUTS,
    ),
]
Stems = Annotated[
    str | None,
    typer.Option(
        metavar="NAMES",
        help="Which stems to write (default: vocal,instrumental); all: those the model has.",
        rich_help_panel=OUTPUTS,
    ),
]
Name = Annotated[
    str,
    typer.Option(
        metavar="TEMPLATE",
        help="Names of the outputs, of {song}, {stem} and {model}; a / makes folders.",
        rich_help_panel=OUTPUTS,
    ),
]
Format = Annotated[str, typer.Option(help="wav, flac, aiff, mp3, ogg, opus or m4a.", rich_help_panel=OUTPUTS)]
Depth = Annotated[
    str | None,
    typer.Option(
        "--bit-depth",
        help="16, 24 or (wav) 32f; default: 16, or the input's where it is higher.",
        rich_help_panel=OUTPUTS,
    ),
]
Bitrate = Annotated[int | None, typer.Option(help="kbit/s, for mp3, ogg, opus and m4a.", rich_help_panel=OUTPUTS)]
Start = Annotated[
    str,
    typer.Option(
        metavar="TIME", help="Separate the part from here on: seconds, m:ss or h:mm:ss.", rich_help_panel=OUTPUTS
    ),
]
End = Annotated[str | None, typer.Option(metavar="TIME", help="… and up to here.", rich_help_panel=OUTPUTS)]
Normalize = Annotated[
    bool,
    typer.Option(
        "--normalize",
        help="One gain for all stems: the loudest peak is just below full scale, and nothing clips.",
        rich_help_panel=OUTPUTS,
    ),
]
Pictures = Annotated[
    bool,
    typer.Option(
        "--pictures", help="Draw spectrograms of song and stems in SONG.png; needs [analysis].", rich_help_panel=OUTPUTS
    ),
]

Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        metavar="NAME",
        help="A name that `acapella models` lists, or an .onnx file; several are an ensemble.",
        rich_help_panel=MODELS,
    ),
]
Combine = Annotated[
    str,
    typer.Option(
        help="Of several models: mean of the waveforms, or min or max of the magnitudes.", rich_help_panel=MODELS
    ),
]
Weights = Annotated[
    str | None, typer.Option(metavar="NUMBERS", help="Of the models in the mean, such as 2,1.", rich_help_panel=MODELS)
]
Then = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="A model for the vocals, whose stems take their place: lead and backing voices.",
        rich_help_panel=MODELS,
    ),
]
Phase = Annotated[
    str,
    typer.Option(
        help="mixture: the stems sum to the input; iterative: reconstructed, as the original did.",
        rich_help_panel=MODELS,
    ),
]

Overlap = Annotated[
    float | None,
    typer.Option(
        help="Share of a chunk that the next one shares, 0 to 0.95 (default: the model's).", rich_help_panel=QUALITY
    ),
]
Shifts = Annotated[
    int,
    typer.Option(
        min=0, help="The mean of so many runs, each over the song delayed at random.", rich_help_panel=QUALITY
    ),
]
Seed = Annotated[int, typer.Option(min=0, help="Of these delays.", rich_help_panel=QUALITY)]
Tta = Annotated[
    str | None,
    typer.Option(
        metavar="NAMES",
        help="More runs for the mean: swap (channels exchanged), invert (polarity), or swap,invert.",
        rich_help_panel=QUALITY,
    ),
]

Recursive = Annotated[
    bool,
    typer.Option(
        "-r",
        "--recursive",
        help="Separate the songs in folders, too; below -o are the same folders.",
        rich_help_panel=WORK,
    ),
]
SkipExisting = Annotated[
    bool, typer.Option("--skip-existing", help="Leave songs whose stems are there.", rich_help_panel=WORK)
]
Overwrite = Annotated[
    bool,
    typer.Option(
        "--overwrite",
        help="Overwrite files that Acapella did not write, too.",
        rich_help_panel=OUTPUTS,
    ),
]
AllowPrivate = Annotated[
    bool,
    typer.Option("--allow-private", help="Let https://… lead into this machine's own network.", rich_help_panel=WORK),
]
Patience = Annotated[
    float | None,
    typer.Option(
        "--pipe-timeout",
        min=0,
        metavar="SECONDS",
        help="How long a pipe may give nothing (default: 15, and any time for standard input).",
        rich_help_panel=WORK,
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "-j",
        "--jobs",
        min=1,
        help="Songs at a time, each in a process with its share of cores (default: 1; on a cluster: all that fit).",
        rich_help_panel=WORK,
    ),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS", help="Separate on a Ray cluster; local: one of this machine.", rich_help_panel=WORK
    ),
]
Cores = Annotated[int, typer.Option(min=1, help="Of each song's process on a cluster.", rich_help_panel=WORK)]
Manifest = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="A record of what is done and what failed, as JSON lines; run it again to go on.",
        rich_help_panel=WORK,
    ),
]
Runtime = Annotated[
    str,
    typer.Option(help="What computes the network: onnxruntime, openvino, cuda, or auto.", rich_help_panel=WORK),
]


def split_list(text: str | None) -> tuple[str, ...] | None:
    """The parts of `text` between commas."""
    return None if text is None else tuple(part.strip() for part in text.split(","))


def read_numbers(text: str | None, argument: str) -> tuple[float, ...] | None:
    """The numbers in `text` between commas."""
    try:
        return None if text is None else tuple(map(float, text.split(",")))
    except ValueError:
        raise UsageError(f"{argument}={text!r} is not made of numbers between commas.", argument) from None


def read_time(text: str, argument: str) -> float:
    """Seconds of "90.5", "1:30.5" or "1:02:03"."""
    if not re.fullmatch(r"(\d+|\d+:[0-5]?\d|\d+:[0-5]?\d:[0-5]?\d)(\.\d+)?", text):
        raise UsageError(f"{argument}={text!r} is no time: seconds, m:ss or h:mm:ss.", argument)
    seconds = 0.0
    for part in text.split(":"):
        seconds = 60 * seconds + float(part)
    return seconds
