"""`acapella evaluate`: how good a model is."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from acapella import __version__
from acapella.cli.console import Stopwatch, make_console, report
from acapella.errors import CorpusError, InputError, UsageError

if TYPE_CHECKING:
    from acapella.corpus.tracks import Track
    from acapella.evaluation.groups import Group
    from acapella.evaluation.scores import TrackScores
    from acapella.isolation.isolator import Isolator

TRACKS_SHOWN = 20  # on screen; the files have all
FILES = ("scores.csv", "scores.json", "scores.png")
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
    model: Annotated[str | None, typer.Option(help="A model file (.onnx) or the name of a bundled model.")] = None,
    tracks: Annotated[str, typer.Option(help="Only tracks with one of these parts in their names.")] = "",
    metrics: Annotated[str, typer.Option(help="Which to compute, see below.")] = "museval,usdr,si_sdr,nsdr,stoi",
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder for scores.csv, scores.json and scores.png.")
    ] = Path("evaluation"),
) -> None:
    """Score a model on the tracks of a corpus: vocals and instrumental, each track and in total."""
    from acapella.evaluation.groups import choose_groups
    from acapella.isolation.isolator import Isolator
    from acapella.models.model_file import find_model
    from acapella.pictures import check_installed

    console = make_console(context.obj["quiet"])
    groups = choose_groups(_names(metrics))
    check_installed()
    model_file = find_model(model)
    isolator = Isolator.load(model_file)
    folder, chosen = _choose_tracks(data, _names(tracks), isolator.stems, console)
    _make_folder(output)
    scores, failed = _score(isolator, chosen, groups, console, debug=context.obj["debug"])
    if scores:
        _show(scores)
        _write(scores, failed, _about(folder, model or model_file.stem, model_file, isolator), output)
        console.print(f"Written: {', '.join(str(output / name) for name in FILES)}")
    if failed:
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


def _choose_tracks(
    data: Path | None, names: Sequence[str], stems: Sequence[str], console: Console
) -> "tuple[Path, Sequence[Track]]":
    """The corpus, `data` or DATA, and its tracks with a model's `stems` that have one of `names` in theirs."""
    from acapella.corpus.tracks import STEMS, find_tracks
    from acapella.settings import Settings

    folder = data or Settings.read().data
    required = STEMS if set(stems) == set(STEMS) else ()
    found, skipped = find_tracks(folder, required, stems)
    for sentence in skipped:
        console.print(f"{sentence}.")
    chosen = [track for track in found if not names or any(name in track.name for name in names)]
    if not chosen:
        raise CorpusError(f"No track of {folder} has {' or '.join(names)} in its name; {found[0].name} is one of them.")
    return folder, chosen


def _score(
    isolator: "Isolator", tracks: "Sequence[Track]", groups: "Sequence[Group]", console: Console, *, debug: bool
) -> "tuple[list[TrackScores], dict[str, str]]":
    """The scores, and why each track that failed did."""
    from acapella.evaluation.scores import score_track, stems_to_score

    scores: list[TrackScores] = []
    failed: dict[str, str] = {}
    for number, track in enumerate(tracks, 1):
        watch = Stopwatch()
        try:
            stems = stems_to_score(isolator.description, track)
            scores.append(score_track(isolator, track, groups, stems))
        except (InputError, OSError) as error:
            if debug:
                raise
            report(error)
            failed[track.name] = str(error)
        else:
            console.print(f"{number}/{len(tracks)} {track.name} ({watch})")
    return scores, failed


def _show(scores: "Sequence[TrackScores]") -> None:
    """Tables on standard output."""
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


def _write(scores: "Sequence[TrackScores]", failed: dict[str, str], about: dict[str, Any], folder: Path) -> None:
    from acapella.evaluation.picture import plot_distribution
    from acapella.evaluation.records import write_csv, write_json

    table, record, picture = (folder / name for name in FILES)
    plot_distribution(scores, picture, title=f"Model {about['model']['name']} on {about['data']}")
    write_csv(scores, table)
    write_json(scores, record, about, failed)


def _about(data: Path, name: str, file: Path, isolator: "Isolator") -> dict[str, Any]:
    """What was scored on what; the digest says beyond doubt which model it was."""
    import hashlib

    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    model = {"name": name, "network": isolator.description.origin.family, "sha256": digest}
    return {"acapella": __version__, "data": str(data), "model": model}
