"""Statistics of scores over tracks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from acapella.evaluation.groups import METRICS
from acapella.evaluation.scores import StemScores, TrackScores, stems_of
from acapella.metrics import gnsdr

Statistic = Callable[[np.ndarray, np.ndarray], float]  # of values (tracks,) and lengths (tracks,), none empty

STATISTICS: dict[str, Statistic] = {
    "median": lambda values, _: float(np.median(values)),
    "mean": lambda values, _: float(np.mean(values)),
    "GNSDR": gnsdr,
}


@dataclass(frozen=True)
class Total:
    """One metric of one stem over all tracks: statistics by name, and how many tracks have a value."""

    statistics: dict[str, float]
    tracks: int


@dataclass(frozen=True)
class Summary:
    """Totals of the estimates and of the mixture in their place, by stem and metric."""

    tracks: int
    seconds: float
    scored: dict[str, int]  # how many tracks have the stem
    scores: dict[str, dict[str, Total]]
    mixture: dict[str, dict[str, Total]]
    silent: dict[str, int]  # how many tracks have a silent reference, by stem


def summarize(tracks: Sequence[TrackScores]) -> Summary:
    """Statistics as usual in the literature of each metric.

    museval's: the median over tracks of the medians over windows, as SiSEC. NSDR: the mean, and GNSDR, the mean
    weighted by length. The others: median and mean. Tracks where a metric is not defined do not count in it.
    """
    lengths, stems = np.array([track.seconds for track in tracks]), stems_of(tracks)
    return Summary(
        tracks=len(tracks),
        seconds=float(lengths.sum()),
        scored={stem: sum(stem in track.scores for track in tracks) for stem in stems},
        scores=_totals([track.scores for track in tracks], stems, lengths),
        mixture=_totals([track.mixture for track in tracks], stems, lengths),
        silent={stem: sum(stem in track.silent for track in tracks) for stem in stems},
    )


def _totals(tracks: Sequence[StemScores], stems: Sequence[str], lengths: np.ndarray) -> dict[str, dict[str, Total]]:
    present = {name for track in tracks for scores in track.values() for name in scores}
    names = [name for name in METRICS if name in present]

    def values(stem: str, name: str) -> np.ndarray:
        return np.array([track.get(stem, {}).get(name, np.nan) for track in tracks])

    return {stem: {name: _total(name, values(stem, name), lengths) for name in names} for stem in stems}


def _total(name: str, values: np.ndarray, lengths: np.ndarray) -> Total:
    defined = ~np.isnan(values)
    count = int(defined.sum())
    with np.errstate(invalid="ignore"):  # the mean of both infinities is not a number
        statistics = {
            statistic: STATISTICS[statistic](values[defined], lengths[defined]) if count else float("nan")
            for statistic in METRICS[name].statistics
        }
    return Total(statistics, count)
