"""A measure of two signals, over their whole length and in windows along time."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from acapella.analyses.report import Dataset
from acapella.pictures import drawing, verbatim

WINDOW, STEP = 2.0, 1.0  # seconds
Measure = Callable[[np.ndarray, np.ndarray], float]  # of reference and estimate, both (samples,)


@dataclass(frozen=True)
class OverTime:
    """A measure over the whole length, and in windows of WINDOW seconds.

    Shape:
        - overall: one number
        - seconds: (windows,), centres of the windows
        - values: (windows,), the measure in each window
    """

    overall: float
    seconds: np.ndarray
    values: np.ndarray

    def datasets(self, name: str, unit: str) -> dict[str, Dataset]:
        """As datasets for HDF5, with the measure called `name`."""
        return {
            name: Dataset(np.float64(self.overall), unit),
            "seconds": Dataset(self.seconds, "s"),
            f"{name}_over_time": Dataset(self.values, unit),
        }


def over_time(measure: Measure, reference: np.ndarray, estimate: np.ndarray, sample_rate: int) -> OverTime:
    """`measure` of signals (samples,) of equal length; shorter ones than a window are one window."""
    window, step = (round(seconds * sample_rate) for seconds in (WINDOW, STEP))
    starts = np.arange(0, max(1, len(reference) - window + 1), step)
    values = [measure(reference[start : start + window], estimate[start : start + window]) for start in starts]
    centres = (starts + min(window, len(reference)) / 2) / sample_rate
    return OverTime(measure(reference, estimate), centres, np.array(values))


def plot(found: OverTime, title: str, label: str, picture: Path) -> None:
    """Draw the values along time, and the overall value as a horizontal line."""
    with drawing(picture, 10, 4.5) as figure:
        axes = figure.subplots()
        axes.plot(found.seconds, found.values, ".-", label=f"windows of {WINDOW:g} s")
        if np.isfinite(found.overall):
            axes.axhline(found.overall, color="black", linestyle="--", label=f"whole signal: {found.overall:.4g}")
        axes.set(title=verbatim(title), xlabel="Time (s)", ylabel=label)
        axes.grid(alpha=0.3)
        axes.legend()
