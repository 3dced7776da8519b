"""`acapella train`, `export` and `options`: everything on the way to a model file."""

import os
import sys
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acapella.cli.console import make_console
from acapella.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from rich.console import Console

    from acapella.experiments.training_run import TrainedRun
    from acapella.settings import Settings
    from acapella.training.launching import Launcher

EnvFile = Annotated[
    Path | None, typer.Option("--env", help='A preset such as lps, or a file of export NAME="value" lines.')
]


def train(
    context: typer.Context,
    env: EnvFile = None,
    data: Annotated[Path | None, typer.Option(help="The corpus; overrides DATA.")] = None,
    resume: Annotated[
        Path | None, typer.Option(help="Go on with this run, or with the newest one in this LOG_BASE.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Epochs in all; overrides EPOCHS.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Check MODEL and LOSS, your own say, and train nothing.")
    ] = False,
    devices: Annotated[int | None, typer.Option(min=1, help="Devices of each machine; overrides DEVICES.")] = None,
    cluster: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Train on a Ray cluster, on DEVICES × NODES of its devices."),
    ] = None,
    cores: Annotated[int, typer.Option(min=1, help="Of each device on the cluster.")] = 1,
) -> None:
    """Train a network on a corpus, as the environment's variables say (`acapella options` lists them).

    Examples:

    \b
      DATA=corpus acapella train
      acapella train --env lps --data corpus
      acapella train --resume logs --epochs 20
      DEVICES=4 acapella train                  four GPUs, or processes; the same weights as with one
      torchrun --nnodes 2 --nproc-per-node 4 … -m acapella train
    """
    from acapella.settings import Settings

    is_first = os.environ.get("RANK", "0") == "0"  # of the processes of torchrun: it speaks for all
    console = make_console(context.obj["quiet"] or not is_first)
    if resume is None:
        given = {"data": data, "epochs": epochs, "devices": devices}
        settings = Settings.read(env, **{name: value for name, value in given.items() if value is not None})
        say_what_is_overridden(env, console)
        if check:
            check_model_and_loss(settings, console)
            return
        with _launcher(cluster, cores) as launcher:
            run_training(settings, console, launcher)
        return
    if env is not None:
        raise UsageError("--resume takes the settings of the run itself: leave --env away.")
    from acapella.cli.training import TrainingReport

    training, asked = _training(), AtTheTerminal()
    with _launcher(cluster, cores) as launcher, TrainingReport(console) as listen:
        run = training.resume(
            resume, listen, data=data, epochs=epochs, devices=devices, questions=asked, launcher=launcher
        )
    _report(run, console)


@contextmanager
def _launcher(cluster: str | None, cores: int) -> "Iterator[Launcher | None]":
    """What starts the processes of a training there; None: on this machine."""
    if cluster is None:
        yield None
        return
    from acapella.jobs.ray_tasks import RayTasks  # first: it says what is missing

    _training()
    from acapella.experiments.cluster_ranks import RayLauncher

    with RayTasks(cluster, cores=cores) as tasks:
        yield RayLauncher(tasks)


def say_what_is_overridden(env: Path | None, console: "Console") -> None:
    """Warn where the environment, which goes before the file `env`, has other values than that."""
    from acapella.settings.presets import find_preset
    from acapella.settings.text import read_exports

    values = read_exports(find_preset(env)) if env else {}
    differing = [name for name, value in values.items() if os.environ.get(name, value) != value]
    if differing:
        console.print(f"Warning: the environment's {', '.join(differing)} go before those in {env}.")


def run_training(settings: "Settings", console: "Console", launcher: "Launcher | None" = None) -> None:
    """Train, and say where the results lie."""
    from acapella.cli.training import TrainingReport

    training = _training()
    with TrainingReport(console) as listen:
        run = training.train(settings, listen, questions=AtTheTerminal(), launcher=launcher)
    _report(run, console)


def check_model_and_loss(settings: "Settings", console: "Console") -> None:
    """Say that MODEL and LOSS conform, or raise what is wrong with them."""
    _training("acapella.training.conformance").check(settings)
    console.print(f"MODEL={settings.model} and LOSS={settings.loss} can be trained and exported.")


def _training(module: str = "acapella.experiments.training_run") -> "ModuleType":
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise MissingExtraError("Training", "train") from error


def _report(run: "TrainedRun", console: "Console") -> None:
    if run.weights:
        console.print(f"Weights: {run.weights}\nModel file: {run.model}")
    if not run.interrupted:
        return
    console.print(f"What was learnt so far is {'kept' if run.weights else 'not saved'}.")
    if run.resume_point:
        console.print(f"To go on: acapella train --resume {run.folder}")
    raise KeyboardInterrupt


class AtTheTerminal:
    """Asks on the terminal; where there is none, saves and ends."""

    def more_epochs(self) -> int:
        """How many epochs to add (QUIT=False)."""
        if not _is_interactive("QUIT=False, but there is no terminal to ask at: the training ends, and saves."):
            return 0
        try:
            answer: int = typer.prompt("How many more epochs?", default="0", value_proc=_whole_number, err=True)
        except typer.Abort:  # Ctrl-C or Ctrl-D: whether to save is still to be asked
            return 0
        return answer

    def save(self) -> bool:
        """Whether to keep the weights, after Ctrl-C or with QUIT=False."""
        try:
            return not _is_interactive() or typer.confirm("Save the weights?", default=True, err=True)
        except typer.Abort:
            return False


def _whole_number(text: str) -> int:
    """What was answered; typer asks again where it is no such number."""
    if not text.strip().isdecimal():
        raise typer.BadParameter("please answer with a whole number, 0 to end.")
    return int(text)


def _is_interactive(otherwise: str = "") -> bool:
    is_interactive = sys.stdin.isatty() and sys.stderr.isatty()
    if otherwise and not is_interactive:
        typer.echo(otherwise, err=True)
    return is_interactive


def export(
    weights: Annotated[
        list[Path],
        typer.Argument(help="Weights of MODEL (.h5, .hdf5, .safetensors); of several, the mean."),
    ],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="The model file (default: beside it).")] = None,
    env: EnvFile = None,
    licence: Annotated[str, typer.Option(help="Written into the model file.")] = "",
    score: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE, written into the model file; may be given several times.")
    ] = None,
    small: Annotated[bool, typer.Option("--small", help="Keep weights in 8 bits: a quarter of the size.")] = False,
) -> None:
    """Turn weights into a model file that `acapella isolate --model` opens; the variables say what they are of.

    Example:

    \b
      acapella export weights.h5 -o mine.onnx --env lps
    """
    from acapella.settings import Settings

    settings = Settings.read(env)
    try:
        from acapella.conversion.export import export_weights
    except ModuleNotFoundError as error:
        raise MissingExtraError("Exporting", "train") from error
    model = output or weights[0].with_suffix(".onnx")
    scores = dict(pair.partition("=")[::2] for pair in score or [])
    export_weights(
        weights, settings, model, licence=licence, record={"scores": scores} if scores else None, small=small
    )
    typer.echo(f"{', '.join(map(str, weights))} → {model}")


def options() -> None:
    """Print the table of all options with their defaults.

    Example:

    \b
      CHOPNAME=full BATCH=4 acapella train     options are variables of the environment
    """
    from acapella.settings import options_table

    typer.echo(options_table())
