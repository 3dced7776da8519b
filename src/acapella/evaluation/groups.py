"""The metrics, in groups that are computed together."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec

import numpy as np

from acapella import metrics
from acapella.errors import MissingExtraError
from acapella.registry import choose


@dataclass(frozen=True)
class Separated:
    """References and estimates of a track.

    `references` and `estimates` are (stems, samples, channels), `mixture` (samples, channels).
    """

    references: np.ndarray
    estimates: np.ndarray
    mixture: np.ndarray
    sample_rate: int

    def unprocessed(self) -> "Separated":
        """The same track with the mixture as the estimate of each stem."""
        return replace(self, estimates=np.broadcast_to(self.mixture, self.references.shape))


Values = dict[str, np.ndarray]  # by metric, (stems,)


def _museval(audio: Separated) -> Values:
    """Medians over windows; as in museval, windows without a finite value are left out."""
    ratios = metrics.bss_eval(audio.references, audio.estimates, audio.sample_rate)
    named = {"SDR": ratios.sdr, "SIR": ratios.sir, "SAR": ratios.sar}
    return {name: np.array([_median(windows) for windows in values]) for name, values in named.items()}


def _median(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else float("nan")


def _usdr(audio: Separated) -> Values:
    return {"uSDR": _for_each_stem(metrics.usdr, audio)}


def _si_sdr(audio: Separated) -> Values:
    return {"SI-SDR": _for_each_stem(metrics.si_sdr, audio)}


def _nsdr(audio: Separated) -> Values:
    """NSDR of the mean of the channels, because BSS Eval v3 "sources" is for mono only."""
    return {"NSDR": metrics.nsdr(audio.references.mean(-1), audio.estimates.mean(-1), audio.mixture.mean(-1))}


def _stoi(audio: Separated) -> Values:
    return {"STOI": _for_each_stem(partial(metrics.stoi, sample_rate=audio.sample_rate), audio)}


def _for_each_stem(metric: Callable[[np.ndarray, np.ndarray], float], audio: Separated) -> np.ndarray:
    return np.array([metric(*pair) for pair in zip(audio.references, audio.estimates, strict=True)])


@dataclass(frozen=True)
class Metric:
    """A column of the results: its unit, and the usual statistics over tracks."""

    unit: str
    statistics: tuple[str, ...] = ("median", "mean")


@dataclass(frozen=True)
class Group:
    """Metrics that one function computes; `package` must be installed for it."""

    measure: Callable[[Separated], Values]
    metrics: dict[str, Metric]
    package: str | None = None
    of_mixture: bool = False  # whether the mixture is scored as well, to compare with


GROUPS: dict[str, Group] = {
    "museval": Group(_museval, dict.fromkeys(("SDR", "SIR", "SAR"), Metric("dB", ("median",))), "museval"),
    "usdr": Group(_usdr, {"uSDR": Metric("dB")}, of_mixture=True),
    "si_sdr": Group(_si_sdr, {"SI-SDR": Metric("dB")}, of_mixture=True),
    "nsdr": Group(_nsdr, {"NSDR": Metric("dB", ("mean", "GNSDR"))}, "mir_eval"),
    "stoi": Group(_stoi, {"STOI": Metric("1")}, "pystoi"),
}
METRICS: dict[str, Metric] = {name: metric for group in GROUPS.values() for name, metric in group.metrics.items()}


def as_text(name: str, value: float) -> str:
    """A value of the metric `name` as text for the screen."""
    if math.isnan(value):
        return "–"
    digits = 2 if METRICS[name].unit == "dB" else 3
    return f"{value:z.{digits}f}".replace("-", "−")


def choose_groups(names: Sequence[str]) -> list[Group]:
    """The groups of these names, in the order of GROUPS, whose packages are installed."""
    for name in names or [""]:
        choose(GROUPS, name, "metrics")
    groups = [group for name, group in GROUPS.items() if name in names]
    if any(group.package and find_spec(group.package) is None for group in groups):
        raise MissingExtraError("Scoring", "analysis")
    return groups
