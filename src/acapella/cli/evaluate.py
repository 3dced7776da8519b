"""`acapella evaluate`: how good a model is."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acapella.cli.console import make_console
from acapella.errors import UsageError

if TYPE_CHECKING:
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
        int, typer.Option("-j", "--jobs", min=1, help="Tracks at the same time, each in a process of its own.")
    ] = 1,
) -> None:
    """Score a model on the tracks of a corpus: vocals and instrumental, each track and in total."""
    from acapella.cli.evaluation import Evaluation, make_folder
    from acapella.evaluation.groups import choose_groups
    from acapella.pictures import check_installed
    from acapella.settings import Settings

    console = make_console(context.obj["quiet"])
    groups = choose_groups(_names(metrics))
    check_installed()
    systems = _systems(model, estimates, jobs)
    folder = data or Settings.read().data
    work = Evaluation(folder, _names(tracks), groups, jobs, output, console, context.obj["debug"])
    chosen = {system: work.choose(system) for system in systems}
    make_folder(output)
    several = len(systems) > 1
    scored = work.score_several(chosen) if several else [work.score(systems[0], chosen[systems[0]], output)]
    if list(map(len, chosen.values())) != list(map(len, scored)):
        raise typer.Exit(1)


evaluate.__doc__ = f"{evaluate.__doc__}\n\n{NOTES}"


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _systems(models: list[str] | None, estimates: list[Path] | None, processes: int) -> "list[SystemToScore]":
    """What is to be scored, with names that differ; the default model where nothing is named."""
    from acapella.evaluation.systems import Estimates, ModelToScore
    from acapella.models.model_file import find_model

    named: list[str | None] = [*models] if models else [] if estimates else [None]
    files = [(model, find_model(model)) for model in named]
    threads = 1 if processes > 1 else 0
    systems: list[SystemToScore] = [ModelToScore(model or file.stem, file, threads) for model, file in files]
    for folder in estimates or ():
        if not folder.is_dir():
            raise UsageError(f"--estimates {folder} is no folder.")
        systems.append(Estimates(str(folder), folder))
    names = [system.name for system in systems]
    if len(set(names)) < len(names):
        raise UsageError(f"{next(name for name in names if names.count(name) > 1)} is named twice.")
    return systems
