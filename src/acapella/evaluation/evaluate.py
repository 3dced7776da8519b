"""Score a model on the tracks of a corpus, and keep what was found."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acapella import __version__
from acapella.corpus.tracks import STEMS, Track, find_tracks
from acapella.errors import CorpusError, InputError
from acapella.evaluation.groups import Group
from acapella.evaluation.picture import plot_distribution
from acapella.evaluation.records import write_csv, write_json
from acapella.evaluation.scores import TrackScores, score_track, stems_to_score
from acapella.isolation.isolator import Isolator

FILES = ("scores.csv", "scores.json", "scores.png")


@dataclass(frozen=True)
class TrackFailure:
    """A track that could not be scored."""

    name: str
    error: InputError | OSError


def choose_tracks(folder: Path, parts: Sequence[str], stems: Sequence[str]) -> tuple[list[Track], list[str]]:
    """The tracks of a corpus with a model's `stems` and one of `parts`, if there are any, in their names.

    Also a sentence for each track that is left out, for it is not complete.
    """
    required = STEMS if set(stems) == set(STEMS) else ()
    found, skipped = find_tracks(folder, required, stems)
    chosen = [track for track in found if not parts or any(part in track.name for part in parts)]
    if not chosen:
        raise CorpusError(f"No track of {folder} has {' or '.join(parts)} in its name; {found[0].name} is one of them.")
    return chosen, skipped


def score_tracks(
    isolator: Isolator, tracks: Sequence[Track], groups: Sequence[Group]
) -> Iterator[TrackScores | TrackFailure]:
    """The scores of one track after the other; one that fails does not keep the others from theirs."""
    for track in tracks:
        try:
            yield score_track(isolator, track, groups, stems_to_score(isolator.description, track))
        except (InputError, OSError) as error:
            yield TrackFailure(track.name, error)


def describe_run(data: Path, name: str, file: Path, isolator: Isolator) -> dict[str, Any]:
    """What is scored on what; the digest says beyond doubt which model it is."""
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    model = {"name": name, "network": isolator.description.origin.family, "sha256": digest}
    return {"acapella": __version__, "data": str(data), "model": model}


def write_results(
    scores: Sequence[TrackScores], failures: Sequence[TrackFailure], about: Mapping[str, Any], folder: Path
) -> list[Path]:
    """Write table, record and picture into `folder`; `about` is from `describe_run`."""
    table, record, picture = paths = [folder / name for name in FILES]
    plot_distribution(scores, picture, title=f"Model {about['model']['name']} on {about['data']}")
    write_csv(scores, table)
    write_json(scores, record, about, {failure.name: str(failure.error) for failure in failures})
    return paths
