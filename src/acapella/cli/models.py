"""`acapella models`: the models there are; `get` installs a known one, `convert` makes one of a checkpoint."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acapella.cli.console import make_console
from acapella.errors import ModelFileError

if TYPE_CHECKING:
    from rich.console import Console

    from acapella.models.catalogue.listing import ListedModel

models = typer.Typer(rich_markup_mode=None, context_settings={"help_option_names": ["-h", "--help"]})
UNKNOWN = "—"
FOOTNOTE = "SDRs of different scales must not be compared. GFLOP/s: for a second of audio, where nothing overlaps."
STEPS = {
    "waiting": "Another process is getting {}: waiting for it.",
    "downloading": "Downloading {}",
    "converting": "Converting {}, which takes a minute or two",
}
ROW = "{:<27}{:<12}{:>8}{:>9}  {}"


@models.callback(invoke_without_command=True)
def list_all(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: all that is known, as JSON.")] = False,
) -> None:
    """List the models: those that are here, and others that can be had, with their licences.

    Examples:

    \b
      acapella models
      acapella models get kim_vocal_2
      acapella song.mp3 --model kim_vocal_2
      acapella models convert checkpoint.ckpt --config its.yaml
    """
    if context.invoked_subcommand:
        return
    from acapella.models.catalogue.listing import list_models

    listed = list_models()
    if as_json:
        typer.echo(json.dumps([_plain(model) for model in listed], indent=2, ensure_ascii=False))
        return
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    (_show_table if console.is_terminal else _show_lines)(listed, console)
    console.print(FOOTNOTE, soft_wrap=True)


@models.command()
def get(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A name that `acapella models` lists.")],
    keep: Annotated[bool, typer.Option("--keep", help="Keep the published file beside the converted one.")] = False,
) -> None:
    """Download a known model, convert it where it must be, and lay it into the models' folder.

    A published file that lies there under its own name is used as it is. ACAPELLA_MODELS names the folder,
    ACAPELLA_MODELS_URL an own mirror; a proxy is taken from HTTPS_PROXY.

    Example:

    \b
      acapella models get mel_band_roformer_kim
      acapella song.mp3 --model mel_band_roformer_kim
    """
    from acapella.cli.progress import song_progress
    from acapella.conversion.installing import install
    from acapella.models.catalogue.folder import megabytes
    from acapella.models.catalogue.known import get_known

    model, console = get_known(name), make_console(context.obj["quiet"])
    with song_progress(console, model.file) as progress:
        done = install(
            model,
            keep=keep,
            progress=progress,
            begin=lambda step: console.print(STEPS[step].format(model.file)),
        )
    if not (done.downloaded or done.converted):
        typer.echo(f"{model.name} is installed: {done.path}")
        return
    steps = [f"downloaded {model.file}, {megabytes(model.bytes or 0)}, SHA-256 as published"] if done.downloaded else []
    steps += [f"converted {model.file}"] if done.converted else []
    steps += [f"kept {done.original}"] if done.original and done.converted else []
    typer.echo(f"{model.name}: {'; '.join(steps)}; installed as {done.path}")
    console.print(f"Licence of the weights: {model.licence}. Credit: {model.credit}.")


@models.command()
def convert(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A published checkpoint: .ckpt, .th, .pth, .safetensors or .onnx.")],
    config: Annotated[
        Path | None, typer.Option("--config", help="Its YAML file (default: that beside it, or what is known of it).")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The model file (default: beside it, .onnx).")
    ] = None,
) -> None:
    """Make a model file of a checkpoint that other people have published.

    Example:

    \b
      acapella models convert model_bs_roformer.ckpt --config model_bs_roformer.yaml -o mine.onnx
    """
    from acapella.conversion import installing

    for given in (file, config):
        if given and not given.is_file():
            raise ModelFileError(f"There is no file {given}.")
    target = output or file.with_suffix(".onnx")
    if target == file:
        typer.echo(f"{file} needs no conversion: acapella isolate song.mp3 --model {file}")
        return
    installing.require_converter(str(file))
    installing.convert(file, config, target)
    typer.echo(f"{file} → {target}")


def _plain(model: "ListedModel") -> dict[str, object]:
    """As JSON has it."""
    scores = [score.model_dump() for score in model.vocals_sdr]
    return {**asdict(model), "vocals_sdr": scores, "path": None if model.path is None else str(model.path)}


def _show_table(listed: "list[ListedModel]", console: "Console") -> None:
    """A row for each model, and beneath it what is too long for a column."""
    from rich.padding import Padding

    console.print(ROW.format("name", "state", "size", "GFLOP/s", "vocals SDR, dB"), style="bold")
    for model in listed:
        size, gflop, sdr = _numbers(model)
        console.print(ROW.format(model.name, model.state, size, gflop, sdr))
        console.print(Padding("; ".join(_words(model)), (0, 0, 0, 4)), style="dim")


def _show_lines(listed: "list[ListedModel]", console: "Console") -> None:
    for model in listed:
        size, gflop, sdr = _numbers(model)
        parts = [model.state, f"vocals SDR in dB: {sdr}", f"{gflop} GFLOP/s", size, *_words(model)]
        console.print(f"{model.name}: {'; '.join(parts)}", soft_wrap=True)


def _numbers(model: "ListedModel") -> tuple[str, str, str]:
    """Size, cost and SDR as texts."""
    from acapella.models.catalogue.folder import megabytes

    return (
        UNKNOWN if model.bytes is None else megabytes(model.bytes),
        UNKNOWN if model.gflop is None else f"{model.gflop:g}",
        ", ".join(map(str, model.vocals_sdr)) or UNKNOWN,
    )


def _words(model: "ListedModel") -> list[str]:
    """What is said in words: the stems, the licence of the weights, whom to credit, and what else is to be known."""
    if model.problem:
        return [model.problem]
    words = [", ".join(model.stems), f"licence of the weights: {model.licence}"]
    return words + [f"credit: {model.credit}"] * bool(model.credit) + [model.note] * bool(model.note)
