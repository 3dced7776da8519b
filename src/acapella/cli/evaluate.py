"""`acapella evaluate`: how good a model is."""

from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acapella.cli.console import make_console
from acapella.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acapella.cli.evaluation import ScoreAll
    from acapella.evaluation.systems import SystemToScore

NOTES = """Metrics, all higher is better, in dB but for STOI (1 at best):

\b
  museval   SDR, SIR, SAR of BSS Eval v4: medians of windows of 1 s, then of tracks; slow for long songs
  usdr      SDR of the whole track, as in the Music Demixing Challenge
  si_sdr    scale-invariant SDR
  nsdr      NSDR of BSS Eval v3, of the channels' mean, and GNSDR, its mean weighted by length
  stoi      intelligibility

Needs [analysis].

Examples:

\b
  acapella evaluate --data corpus
  acapella evaluate --data corpus --model mine.onnx --tracks test/ --metrics usdr,si_sdr -o mine
  acapella evaluate --data corpus --model a --model b -j 2     side by side, with paired differences
  acapella evaluate --data corpus --cluster auto               on a Ray cluster
  acapella evaluate --data corpus --estimates demucs/htdemucs  stems that another program made
"""


def evaluate(
    context: typer.Context,
    data: Annotated[Path | None, typer.Option(help="The corpus; overrides DATA.")] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(help="A name that `acapella models` lists, or an .onnx file; several are compared."),
    ] = None,
    estimates: Annotated[
        list[Path] | None,
        typer.Option(help="Score stems that another program made, in a folder: TRACK/vocals.wav or TRACK_vocal.wav."),
    ] = None,
    tracks: Annotated[str, typer.Option(help="Only tracks with one of these parts in their names.")] = "",
    metrics: Annotated[str, typer.Option(help="Which to compute, see below.")] = "museval,usdr,si_sdr,nsdr,stoi",
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder for scores.csv, scores.json and scores.png.")
    ] = Path("evaluation"),
    jobs: Annotated[
        int | None,
        typer.Option(
            "-j", "--jobs", min=1, help="Tracks at a time, each in a process (default: 1; on a cluster: all that fit)."
        ),
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Score on a Ray cluster; local: one of this machine.")
    ] = None,
    cores: Annotated[int, typer.Option(min=1, help="Of each track's process on a cluster.")] = 1,
) -> None:
    """Score a model on the tracks of a corpus: vocals and instrumental, each track and in total."""
    from acapella.cli.evaluation import Evaluation, make_folder
    from acapella.evaluation.groups import choose_groups
    from acapella.pictures import check_installed
    from acapella.settings import Settings

    console = make_console(context.obj["quiet"])
    groups = choose_groups(_names(metrics))
    check_installed()
    systems = _systems(model, estimates, cores if cluster else 1 if (jobs or 1) > 1 else 0)
    folder = data or Settings.read().data
    with _workers(jobs, cluster, cores) as score_all:
        work = Evaluation(folder, _names(tracks), groups, score_all, output, console, context.obj["debug"])
        chosen = {system: work.choose(system) for system in systems}
        make_folder(output)
        several = len(systems) > 1
        scored = work.score_several(chosen) if several else [work.score(systems[0], chosen[systems[0]], output)]
    if list(map(len, chosen.values())) != list(map(len, scored)):
        raise typer.Exit(1)


evaluate.__doc__ = f"{evaluate.__doc__}\n\n{NOTES}"


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


@contextmanager
def _workers(jobs: int | None, cluster: str | None, cores: int) -> "Iterator[ScoreAll]":
    """Who scores: processes here, or those of a cluster."""
    from acapella.evaluation.evaluate import score_tracks

    if cluster is None:
        yield partial(score_tracks, processes=jobs or 1)
        return
    from acapella.jobs.ray_tasks import RayTasks  # first: it says what is missing

    from acapella.experiments.cluster_scoring import score_on_cluster  # isort: skip

    with RayTasks(cluster, cores=cores, gpus=False) as tasks:
        yield partial(score_on_cluster, tasks=tasks, at_once=jobs)


def _systems(models: list[str] | None, estimates: list[Path] | None, threads: int) -> "list[SystemToScore]":
    """What is to be scored, with names that differ; the default model where nothing is named."""
    from acapella.evaluation.systems import Estimates, ModelToScore
    from acapella.models.model_file import find_model

    named: list[str | None] = [*models] if models else [] if estimates else [None]
    files = [(model, find_model(model)) for model in named]
    systems: list[SystemToScore] = [ModelToScore(model or file.stem, file, threads) for model, file in files]
    for folder in estimates or ():
        if not folder.is_dir():
            raise UsageError(f"--estimates {folder} is no folder.")
        systems.append(Estimates(str(folder), folder))
    names = [system.name for system in systems]
    if len(set(names)) < len(names):
        raise UsageError(f"{next(name for name in names if names.count(name) > 1)} is named twice.")
    return systems
