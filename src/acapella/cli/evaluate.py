"""`acapella evaluate`: how good a model is."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acapella.cli.console import Stopwatch, make_console, report
from acapella.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from acapella.corpus.tracks import Track
    from acapella.evaluation.evaluate import TrackFailure
    from acapella.evaluation.groups import Group
    from acapella.evaluation.scores import TrackScores
    from acapella.isolation.isolator import Isolator

TRACKS_SHOWN = 20  # on screen; the files have all
PLAIN_WIDTH = 200  # characters that a line may have where there is no terminal

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
"""


def evaluate(
    context: typer.Context,
    data: Annotated[Path | None, typer.Option(help="The corpus; overrides DATA.")] = None,
    model: Annotated[str | None, typer.Option(help="A name that `acapella models` lists, or an .onnx file.")] = None,
    tracks: Annotated[str, typer.Option(help="Only tracks with one of these parts in their names.")] = "",
    metrics: Annotated[str, typer.Option(help="Which to compute, see below.")] = "museval,usdr,si_sdr,nsdr,stoi",
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder for scores.csv, scores.json and scores.png.")
    ] = Path("evaluation"),
) -> None:
    """Score a model on the tracks of a corpus: vocals and instrumental, each track and in total."""
    from acapella.evaluation.evaluate import choose_tracks, describe_run, write_results
    from acapella.evaluation.groups import choose_groups
    from acapella.isolation.isolator import Isolator
    from acapella.models.model_file import find_model
    from acapella.pictures import check_installed
    from acapella.settings import Settings

    console = make_console(context.obj["quiet"])
    groups = choose_groups(_names(metrics))
    check_installed()
    model_file = find_model(model)
    isolator = Isolator.load(model_file)
    folder = data or Settings.read().data
    chosen, skipped = choose_tracks(folder, _names(tracks), isolator.stems)
    for sentence in skipped:
        console.print(f"{sentence}.")
    _make_folder(output)
    scores, failures = _score(isolator, chosen, groups, console, debug=context.obj["debug"])
    if scores:
        _show(scores)
        about = describe_run(folder, model or model_file.stem, model_file, isolator)
        written = write_results(scores, failures, about, output)
        console.print(f"Written: {', '.join(map(str, written))}")
    if failures:
        console.print(f"{len(scores)} of {len(chosen)} tracks scored.")
        raise typer.Exit(1)


evaluate.__doc__ = f"{evaluate.__doc__}\n\n{NOTES}"


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _make_folder(path: Path) -> None:
    """Before the work, which takes long."""
    if path.exists() and not path.is_dir():
        raise UsageError(f"-o {path} is a file; name a folder.")
    path.mkdir(parents=True, exist_ok=True)


def _score(
    isolator: "Isolator", tracks: "Sequence[Track]", groups: "Sequence[Group]", console: "Console", *, debug: bool
) -> "tuple[list[TrackScores], list[TrackFailure]]":
    """The scores, and what became of the other tracks; says how it goes."""
    from acapella.evaluation.evaluate import TrackFailure, score_tracks

    scores: list[TrackScores] = []
    failures: list[TrackFailure] = []
    watch = Stopwatch()
    for number, scored in enumerate(score_tracks(isolator, tracks, groups), 1):
        if isinstance(scored, TrackFailure):
            if debug:
                raise scored.error
            report(scored.error)
            failures.append(scored)
        else:
            console.print(f"{number}/{len(tracks)} {scored.name} ({watch})")
            scores.append(scored)
        watch = Stopwatch()
    return scores, failures


def _show(scores: "Sequence[TrackScores]") -> None:
    """Tables on standard output."""
    from rich.console import Console

    from acapella.evaluation.summary import summarize
    from acapella.evaluation.tables import remarks, total_table, track_table

    screen = Console(highlight=False, markup=False, emoji=False)
    if not screen.is_terminal:
        screen.width = PLAIN_WIDTH
    if 1 < len(scores) <= TRACKS_SHOWN:
        screen.print(track_table(scores))
        screen.print()
    summary = summarize(scores)
    screen.print(total_table(summary))
    for sentence in remarks(summary):
        screen.print(sentence)
