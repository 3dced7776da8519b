"""Scores as files: in CSV a row for each track and stem, in JSON everything."""

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from acapella.evaluation.groups import METRICS
from acapella.evaluation.scores import TrackScores
from acapella.evaluation.summary import summarize
from acapella.whole_files import atomic_write


def write_csv(tracks: Sequence[TrackScores], path: Path) -> None:
    """One row for each track and stem; a metric that is not defined is an empty cell."""
    text = io.StringIO()
    estimates, mixtures = _columns(tracks, "scores"), _columns(tracks, "mixture")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["track", "seconds", "stem", "silent", *estimates, *(f"mixture {name}" for name in mixtures)])
    for track in tracks:
        for stem in track.scores:
            scores = [track.scores[stem][name] for name in estimates]
            scores += [track.mixture[stem][name] for name in mixtures]
            cells = ["" if math.isnan(score) else repr(score) for score in scores]
            writer.writerow([track.name, repr(track.seconds), stem, int(stem in track.silent), *cells])
    with atomic_write(path) as unfinished:
        unfinished.write_text(text.getvalue(), encoding="utf-8")


def write_json(
    tracks: Sequence[TrackScores], path: Path, about: Mapping[str, object], failed: Mapping[str, str]
) -> None:
    """`about` (the model, the version, …), units, summary, tracks, and the reason for each track that failed.

    Undefined values are null, infinite ones the texts "inf" and "-inf": JSON has no numbers for them.
    """
    content = {
        **about,
        "units": {name: METRICS[name].unit for name in _columns(tracks, "scores")},
        "summary": asdict(summarize(tracks)),
        "tracks": [asdict(track) for track in tracks],
        "failed": dict(failed),
    }
    text = json.dumps(_plain(content), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    with atomic_write(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


def _columns(tracks: Sequence[TrackScores], kind: str) -> list[str]:
    present = {name for track in tracks for scores in asdict(track)[kind].values() for name in scores}
    return [name for name in METRICS if name in present]


def _plain(value: object) -> object:
    """`value` with numbers that JSON can hold."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value
