"""Compare systems track by track: paired differences of their scores, and how sure they are."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from acapella.evaluation.groups import METRICS
from acapella.evaluation.scores import TrackScores, stems_of
from acapella.whole_files import atomic_write

RESAMPLES = 9999
CONFIDENCE = 0.95
FILE = "comparison.json"


@dataclass(frozen=True)
class Difference:
    """How much higher a system's scores are: the mean over `tracks`, and its 95 % interval from `low` to `high`."""

    mean: float
    low: float
    high: float
    tracks: int


Differences = dict[str, dict[str, Difference]]  # by stem and metric


def paired_differences(first: Sequence[TrackScores], second: Sequence[TrackScores]) -> Differences:
    """How much higher the scores of `second` are, for stems and metrics that both have, on tracks that both have.

    Songs differ far more than systems do; pairing removes that. The interval is the percentile bootstrap over tracks
    (B. Efron, R. Tibshirani, "An introduction to the bootstrap", 1993), always with the same random numbers.
    """
    others = {track.name: track for track in second}
    pairs = [(track, others[track.name]) for track in first if track.name in others]
    found: Differences = {}
    for stem in stems_of(first):
        both = [(a.scores[stem], b.scores[stem]) for a, b in pairs if stem in a.scores and stem in b.scores]
        names = [name for name in METRICS if any(name in a and name in b for a, b in both)]
        if names:
            found[stem] = {name: _difference(np.array([b[name] - a[name] for a, b in both])) for name in names}
    return found


def _difference(values: np.ndarray) -> Difference:
    """The mean of `values` (tracks,), those that are numbers, and its interval."""
    from scipy.stats import bootstrap  # slow to import

    values = values[np.isfinite(values)]
    if not len(values):
        return Difference(np.nan, np.nan, np.nan, 0)
    mean = float(values.mean())
    if len(values) == 1:
        return Difference(mean, np.nan, np.nan, 1)
    random = {"n_resamples": RESAMPLES, "confidence_level": CONFIDENCE, "rng": np.random.default_rng(0)}
    interval = bootstrap((values,), np.mean, method="percentile", **random).confidence_interval
    return Difference(mean, float(interval.low), float(interval.high), len(values))


def write_comparison(reference: str, others: Mapping[str, Differences], path: Path) -> None:
    """Write the differences of other systems from `reference` as JSON; undefined numbers are null."""
    differences = {
        name: {stem: {metric: _plain(value) for metric, value in metrics.items()} for stem, metrics in stems.items()}
        for name, stems in others.items()
    }
    content = {"reference": reference, "confidence": CONFIDENCE, "differences": differences}
    with atomic_write(path) as unfinished:
        unfinished.write_text(json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n", "utf-8")


def _plain(difference: Difference) -> dict[str, float | None]:
    return {key: value if np.isfinite(value) else None for key, value in asdict(difference).items()}
