"""`acapella analyse`: what a corpus, a song or a network is like."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acapella.cli.console import make_console
from acapella.cli.train import EnvFile
from acapella.cli.weights import open_weights
from acapella.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from acapella.isolation.model import Model
    from acapella.settings import Settings

POINTS = 21
EXAMPLES = """Analyses:

\b
  stoi MIX [CLEAN]       intelligibility of the first file; of one alone, of its isolated vocals
  percentile             percentiles of the values of each track of DATA
  mse [PROCESSED CLEAN]  squared error of two files; without, of predictions for validation and test tracks
  volume MIX             error of the isolated vocals, from far too soft to far too loud
  distribution           histograms of the values in DATA, by frequency

NAME.wav or NAME_all.wav is a mix; beside it lie its clean stems NAME_vocal.wav and NAME_instrumental.wav.

Examples:

\b
  acapella analyse stoi song_all.wav
  acapella analyse mse -s --data corpus --model default
  acapella analyse volume song_all.wav -s --points 11
  acapella analyse percentile -s --env envs/lps --data corpus
"""


def analyse(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="stoi, percentile, mse, volume or distribution.")],
    files: Annotated[list[Path] | None, typer.Argument(help="What the analysis takes, see below.")] = None,
    save: Annotated[
        bool, typer.Option("-s", "--save", help="Keep pictures and numbers (HDF5) in ANALYSIS_PATH; needs [analysis].")
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(help="A name that `acapella models` lists, or an .onnx file (default: WEIGHTS)."),
    ] = None,
    env: EnvFile = None,
    data: Annotated[Path | None, typer.Option(help="The corpus; overrides DATA.")] = None,
    points: Annotated[int | None, typer.Option(help=f"How many levels volume tries (default: {POINTS}).")] = None,
) -> None:
    """Measure a song, a network or a corpus."""
    from acapella.settings import Settings

    settings = Settings.read(env, **({} if data is None else {"data": data}))
    run_analysis(name, files or [], settings, make_console(context.obj["quiet"]), save=save, model=model, points=points)


analyse.__doc__ = f"{analyse.__doc__}\n\n{EXAMPLES}"


def run_analysis(
    name: str,
    files: list[Path],
    settings: "Settings",
    console: "Console",
    *,
    save: bool,
    model: str | None = None,
    points: int | None = None,
) -> None:
    """Print the table of an analysis, and keep its results where `save` says so."""
    from acapella.analyses import find_analysis
    from acapella.analyses.report import check_installed
    from acapella.analyses.task import Task
    from acapella.cli.progress import song_progress
    from acapella.models.model_file import ModelIdentity

    analysis = find_analysis(name, len(files), model=model is not None, points=points is not None)
    if points is not None and points < 2:
        raise UsageError(f"--points {points} are too few: 2 at least.")
    if save:
        check_installed()
    used: list[ModelIdentity] = []  # one at most

    def open_model() -> "Model":
        opened = _open_model(model, settings, console)
        used.append(ModelIdentity.of(Path(opened.name), model))
        console.print(f"Model: {used[0]}")
        return opened

    with song_progress(console, name) as progress:
        report = analysis.run(Task(tuple(files), settings, open_model, progress, console.print, points or POINTS))
    typer.echo(report.table())
    if save:
        attributes = {"settings": settings.as_env()}
        for identity in used:
            attributes |= {"model": identity.name, "model_sha256": identity.sha256}
        written = report.save(settings.analysis_path, name, attributes, *(identity.label for identity in used))
        console.print(f"Saved in {settings.analysis_path}: {', '.join(path.name for path in written)}")


def _open_model(model: str | None, settings: "Settings", console: "Console") -> "Model":
    if model is None:
        return open_weights(settings, console)
    from acapella.isolation.model import open_model
    from acapella.models.model_file import find_model

    return open_model(find_model(model))
