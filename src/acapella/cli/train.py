"""`acapella train`, `export`, `prepare` and `options`: everything on the way to a model file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acapella.cli.console import make_console
from acapella.errors import MissingExtraError

if TYPE_CHECKING:
    from rich.console import Console

    from acapella.settings import Settings

EnvFile = Annotated[Path | None, typer.Option("--env", help='A file of export NAME="value" lines, as in envs/.')]


def train(
    context: typer.Context,
    env: EnvFile = None,
    data: Annotated[Path | None, typer.Option(help="The corpus; overrides DATA.")] = None,
) -> None:
    """Train a network on a corpus, as the environment's variables say (`acapella options` lists them).

    Examples:

    \b
      DATA=corpus acapella train
      acapella train --env envs/lps --data corpus
    """
    from acapella.settings import Settings

    settings = Settings.read(env, **({} if data is None else {"data": data}))
    run_training(settings, make_console(context.obj["quiet"]))


def run_training(settings: "Settings", console: "Console") -> None:
    """Train, and say where the results lie."""
    try:
        from acapella.experiments.training_run import train as train_network
    except ModuleNotFoundError as error:
        raise MissingExtraError("Training", "train") from error
    run = train_network(settings, console)
    if run.interrupted:
        console.print("Interrupted; what was learnt so far is kept.")
    console.print(f"Weights: {run.weights}\nModel file: {run.model}")
    if run.interrupted:
        raise KeyboardInterrupt


def export(
    weights: Annotated[Path, typer.Argument(help="Weights of MODEL, .h5 or .hdf5.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="The model file (default: beside it).")] = None,
    env: EnvFile = None,
    licence: Annotated[str, typer.Option(help="Written into the model file.")] = "",
    score: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE, written into the model file; may be given several times.")
    ] = None,
) -> None:
    """Turn weights into a model file that `acapella isolate --model` opens; the variables say what they are of.

    Example:

    \b
      acapella export weights.h5 -o mine.onnx --env envs/lps
    """
    from acapella.settings import Settings

    settings = Settings.read(env)
    try:
        from acapella.training.export import export_weights
    except ModuleNotFoundError as error:
        raise MissingExtraError("Exporting", "train") from error
    model = output or weights.with_suffix(".onnx")
    scores = dict(pair.partition("=")[::2] for pair in score or [])
    export_weights(weights, settings, model, licence=licence, record={"scores": scores} if scores else None)
    typer.echo(f"{weights} → {model}")


def prepare(
    context: typer.Context,
    data_set: Annotated[
        str,
        typer.Argument(help="mir1k (left: music, right: voice) or stems (vocals.* and others, a folder a song)."),
    ],
    source: Annotated[Path, typer.Argument(help="Where the data set lies.")],
    destination: Annotated[Path, typer.Argument(help="The corpus to write.")],
) -> None:
    """Bring a published data set into the corpus layout. Run again, it goes on where it stopped.

    Example:

    \b
      acapella prepare mir1k MIR-1K/Wavfile corpus
    """
    from acapella.corpus.importers import DATA_SETS, write_corpus
    from acapella.errors import CorpusError, choose

    console = make_console(context.obj["quiet"])
    if not source.is_dir():
        raise CorpusError(f"{source} is not a folder; name the one that holds the data set.")
    songs = choose(DATA_SETS, data_set, "DATA_SET")(source)
    count = write_corpus(songs, destination, report=console.print)
    console.print(f"{destination} holds {count} songs of {source}.")


def options() -> None:
    """Print the table of all options with their defaults.

    Example:

    \b
      CHOPNAME=full BATCH=4 acapella train     options are variables of the environment
    """
    from acapella.settings import options_table

    typer.echo(options_table())
