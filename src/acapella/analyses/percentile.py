"""Percentiles of the spectrograms of each track, minus the median of the track."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from acapella.analyses.quantiles import Quantiles
from acapella.analyses.report import Dataset, Part, Report
from acapella.analyses.task import Task
from acapella.analyses.tensors import SOURCES, TITLES, Corpus, channel_names, value_unit
from acapella.models.front_ends import SpectralFrontEnd
from acapella.pictures import drawing

PERCENTS = np.arange(101)
SYMMETRIC = 0.1  # smallest to largest value, above which both tails are long and need a logarithmic scale
LEGEND = {
    "medians": "median of the tracks",
    "boxes": "half of the tracks",
    "whiskers": "the rest, to 1.5 boxes",
    "fliers": "single tracks beyond",
}
SHOWN = (0, 1, 25, 75, 99, 100)  # in the table


@dataclass(frozen=True)
class Percentiles:
    """Percentiles of values that are not normalised.

    Shape:
        - differences: (tracks, channels, 101), percentiles 0 to 100 minus the median
        - medians: (tracks, channels)
    """

    differences: np.ndarray
    medians: np.ndarray


def compute(tracks: Iterable[Iterable[np.ndarray]]) -> Percentiles:
    """The percentiles 0, 1, … 100 of each track; a track is an iterable of pieces (channels, bins, frames)."""
    found = []
    for pieces in tracks:
        quantiles: Quantiles | None = None
        for piece in pieces:
            quantiles = quantiles or Quantiles(len(piece))
            quantiles.push(piece)
        if quantiles:
            found.append(quantiles.percentiles(PERCENTS))
    percentiles = np.stack(found)
    medians = percentiles[..., 50]
    return Percentiles(percentiles - medians[..., None], medians)


def plot(found: Percentiles, title: str, channels: list[str], unit: str, picture: Path) -> None:
    """Draw a panel for each channel: for each percentile a box over the tracks."""
    with drawing(picture, 13, 1 + 4.5 * len(channels)) as figure:
        figure.suptitle(f"{title}: percentiles of {len(found.medians)} tracks, minus each track's median")
        panels = figure.subplots(len(channels), squeeze=False)[:, 0]
        for channel, (axes, name) in enumerate(zip(panels, channels, strict=True)):
            values = found.differences[:, channel]
            drawn = axes.boxplot(values, positions=PERCENTS, widths=0.8, sym=".", manage_ticks=False, patch_artist=True)
            for box in drawn["boxes"]:
                box.set_facecolor("lightblue")
            axes.axhline(0, color="grey", linewidth=0.8)
            axes.set(title=name, xlabel="Percentile (%)", ylabel=f"Difference to the median\n({unit})", xlim=(-1, 101))
            if (values[:, 0] < -SYMMETRIC * values[:, -1]).all():
                axes.set_yscale("symlog", linthresh=_middle(values))
                axes.yaxis.set_major_formatter("{x:g}")
            axes.set_xticks(range(0, 101, 5))
            axes.grid(alpha=0.3)
            axes.legend([drawn[kind][0] for kind in LEGEND], LEGEND.values(), loc="upper left")


def _middle(values: np.ndarray) -> float:
    """The limit of a scale's linear part: the median distance of the quartiles from the median, rounded up to 10ⁿ."""
    distance = max(1e-6, np.median(np.abs(values[:, [25, 75]])))
    return float(10 ** np.ceil(np.log10(distance)))


def run(task: Task) -> Report:
    """Mixture, instrumental and vocals of all tracks of DATA."""
    front_end = SpectralFrontEnd.from_settings(task.settings)
    corpus = Corpus(task, front_end)
    found = {}
    for number, source in enumerate(SOURCES):
        found[source] = compute(_tracks(corpus, source, task, number * len(corpus.tracks)))
    rows = [row for source in SOURCES for row in _rows(source, found[source], channel_names(front_end))]
    names = [track.name for track in corpus.tracks]
    parts = [_part(source, found[source], names, front_end) for source in SOURCES]
    header = ("median over tracks", *(f"{percent} %" for percent in SHOWN))
    return Report(header, rows, front_end, parts)


def _tracks(corpus: Corpus, source: str, task: Task, done: int) -> Iterator[Iterator[np.ndarray]]:
    for number, track in enumerate(corpus.tracks):
        task.progress(done + number, len(SOURCES) * len(corpus.tracks))
        yield corpus.tensors(track, source)


def _rows(source: str, found: Percentiles, channels: list[str]) -> list[tuple[str, ...]]:
    over_tracks = np.median(found.differences, axis=0)
    return [
        (f"{TITLES[source]}, {name}", *(f"{values[percent]:.4g}" for percent in SHOWN))
        for name, values in zip(channels, over_tracks, strict=True)
    ]


def _part(source: str, found: Percentiles, tracks: list[str], front_end: SpectralFrontEnd) -> Part:
    channels, unit = channel_names(front_end), value_unit(front_end)
    datasets = {
        "differences": Dataset(found.differences, unit),
        "medians": Dataset(found.medians, unit),
        "percentile": Dataset(PERCENTS, "%"),
        "track": Dataset(tracks),
        "channel": Dataset(channels),
    }
    title = f"{TITLES[source].capitalize()} ({front_end.representation.upper()})"
    return Part(source, datasets, lambda picture: plot(found, title, channels, unit, picture))
