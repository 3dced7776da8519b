"""Histograms of spectrograms, for the lower, centred and upper half of the frequencies."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np

from acapella.analyses.quantiles import Quantiles
from acapella.analyses.report import Dataset, Part, Report
from acapella.analyses.task import Task
from acapella.analyses.tensors import SOURCES, TITLES, Corpus, channel_names, value_unit
from acapella.models.front_ends import SpectralFrontEnd
from acapella.pictures import drawing

BINS = 25
HALVES = ("lower", "centred", "upper")


@dataclass(frozen=True)
class Distribution:
    """Histograms of values that are not normalised.

    Shape:
        - edges: (channels, BINS + 1), of the histogram's bins
        - counts: (channels, halves, BINS) values between the edges
        - below, above: (channels, halves) values outside of them
    """

    edges: np.ndarray
    counts: np.ndarray
    below: np.ndarray
    above: np.ndarray

    @property
    def totals(self) -> np.ndarray:
        """Number of values in each half, (channels, halves)."""
        totals: np.ndarray = self.counts.sum(axis=-1) + self.below + self.above
        return totals


def halves(bins: int) -> list[slice]:
    """The lower, the centred and the upper half of `bins` frequencies; they overlap."""
    half = bins // 2
    return [slice(start, start + half) for start in (0, (bins - half) // 2, bins - half)]


def compute(start: Callable[[], Iterable[np.ndarray]], *, signed: bool) -> Distribution:
    """Histograms of pieces (channels, bins, frames), in two passes: each call of `start` gives all pieces.

    The range is that of the lower half, from its 1st percentile (0 where values are not `signed`) to its 99th.
    """
    edges = _edges(start(), signed)
    channels = len(edges)
    counts = np.zeros((channels, len(HALVES), BINS), np.int64)
    below, above = np.zeros((2, channels, len(HALVES)), np.int64)
    for piece in start():
        for number, half in enumerate(halves(piece.shape[1])):
            for channel, values in enumerate(piece[:, half]):
                low, high = edges[channel, [0, -1]]
                counts[channel, number] += np.histogram(values, BINS, (low, high))[0]
                below[channel, number] += np.count_nonzero(values < low)
                above[channel, number] += np.count_nonzero(values > high)
    return Distribution(edges, counts, below, above)


def plot(found: Distribution, title: str, channels: list[str], unit: str, nyquist: float, picture: Path) -> None:
    """Draw a panel for each channel with the histograms of the three halves; `nyquist` in Hz."""
    labels = [f"{name} half, {span}" for name, span in zip(HALVES, _spans(nyquist), strict=True)]
    with drawing(picture, 9, 1 + 4.5 * len(channels)) as figure:
        figure.suptitle(f"{title}: distribution of values")
        panels = figure.subplots(len(channels), squeeze=False)[:, 0]
        for channel, (axes, name) in enumerate(zip(panels, channels, strict=True)):
            shares = 100 * found.counts[channel] / found.totals[channel][:, None]
            for share, label in zip(shares, labels, strict=True):
                axes.stairs(share, found.edges[channel], linewidth=1.8, label=label)
            axes.set(title=name, xlabel=f"Value, {unit}", ylabel="Share of values in bin (%)", yscale="log")
            axes.yaxis.set_major_formatter("{x:g}")
            axes.grid(alpha=0.3)
            axes.legend()


def run(task: Task) -> Report:
    """Mixture, instrumental and vocals of all tracks of DATA."""
    front_end = SpectralFrontEnd.from_settings(task.settings)
    corpus = Corpus(task, front_end)
    passes = count()
    found = {
        source: compute(partial(_pieces, corpus, source, task, passes), signed=front_end.signed) for source in SOURCES
    }
    rows = [row for source in SOURCES for row in _rows(source, found[source], channel_names(front_end))]
    header = ("values", "half", "from", "to", "below (%)", "within (%)", "above (%)")
    return Report(header, rows, front_end, [_part(source, found[source], front_end) for source in SOURCES])


def _edges(pieces: Iterable[np.ndarray], signed: bool) -> np.ndarray:
    """(channels, BINS + 1)."""
    quantiles: Quantiles | None = None
    for piece in pieces:
        quantiles = quantiles or Quantiles(len(piece))
        quantiles.push(piece[:, halves(piece.shape[1])[0]])
    assert quantiles is not None, "no values"
    low, high = quantiles.percentiles(np.array([1, 99])).T
    if not signed:
        low = np.zeros_like(low)
    high = np.where(high > low, high, low + 1)  # silence
    return np.linspace(low, high, BINS + 1, axis=-1)


def _pieces(corpus: Corpus, source: str, task: Task, passes: Iterator[int]) -> Iterator[np.ndarray]:
    for place, track in enumerate(corpus.tracks, next(passes) * len(corpus.tracks)):
        task.progress(place, 2 * len(SOURCES) * len(corpus.tracks))
        yield from corpus.tensors(track, source)


def _rows(source: str, found: Distribution, channels: list[str]) -> list[tuple[str, ...]]:
    within = found.counts.sum(axis=-1)
    return [
        (
            f"{TITLES[source]}, {name}",
            half,
            *(f"{edge:.4g}" for edge in found.edges[channel, [0, -1]]),
            *(
                f"{100 * part[channel, number] / found.totals[channel, number]:.4g}"
                for part in (found.below, within, found.above)
            ),
        )
        for channel, name in enumerate(channels)
        for number, half in enumerate(HALVES)
    ]


def _part(source: str, found: Distribution, front_end: SpectralFrontEnd) -> Part:
    channels, unit, nyquist = channel_names(front_end), value_unit(front_end), front_end.sample_rate / 2
    datasets = {
        "counts": Dataset(found.counts, "1"),
        "edges": Dataset(found.edges, unit),
        "below": Dataset(found.below, "1"),
        "above": Dataset(found.above, "1"),
        "half": Dataset([f"{name}, {span}" for name, span in zip(HALVES, _spans(nyquist), strict=True)]),
        "channel": Dataset(channels),
    }
    title = f"{TITLES[source].capitalize()} ({front_end.representation.upper()})"
    return Part(source, datasets, lambda picture: plot(found, title, channels, unit, nyquist, picture))


def _spans(nyquist: float) -> list[str]:
    """The frequencies of each half."""
    quarters = nyquist / 4000
    return [f"{start * quarters:.1f} to {(start + 2) * quarters:.1f} kHz" for start in range(3)]
