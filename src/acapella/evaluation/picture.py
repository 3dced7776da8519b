"""Draw the distribution of scores over tracks."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from acapella.evaluation.groups import METRICS, as_text
from acapella.evaluation.scores import TrackScores, label, stems_of
from acapella.pictures import drawing, verbatim

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")  # told apart by the colour-blind, too
UNIT_NAMES = {"dB": "dB, higher is better", "1": "1 at best"}
WIDTH = 0.64  # of all boxes of a metric, where metrics are 1 apart
GAP = 0.08  # between boxes
ENOUGH = 5  # values to draw a box of; of fewer, the points alone and their median


def plot_distribution(tracks: Sequence[TrackScores], path: Path, title: str) -> None:
    """Write a picture (.png): a box for each metric and stem, a point for each track, an axis for each unit."""
    stems = stems_of(tracks)
    width = WIDTH / len(stems)
    names = list(tracks[0].scores[stems[0]])
    by_unit = {unit: [name for name in names if METRICS[name].unit == unit] for unit in UNIT_NAMES}
    by_unit = {unit: members for unit, members in by_unit.items() if members}
    with drawing(path, max(9, 3 + 1.5 * len(names)), 6) as figure:
        widths = [len(members) for members in by_unit.values()]
        all_axes = figure.subplots(1, len(by_unit), squeeze=False, width_ratios=widths)[0]
        for axes, (unit, members) in zip(all_axes, by_unit.items(), strict=True):
            for place, name in enumerate(members):
                for number, stem in enumerate(stems):
                    scores = np.array([track.scores[stem][name] for track in tracks if stem in track.scores])
                    values, colour = scores[np.isfinite(scores)], COLOURS[number % len(COLOURS)]
                    if len(values):
                        centre = place + (number - (len(stems) - 1) / 2) * (width + GAP)
                        _draw_values(axes, centre, values, width, colour)
                        _write_above(axes, centre, as_text(name, float(np.median(values))), colour)
            _label(axes, members, unit)
        figure.suptitle(verbatim(f"{title}, {len(tracks)} track{'' if len(tracks) == 1 else 's'}"))
        _add_legend(figure, stems)


def _draw_values(axes: "Axes", place: float, values: np.ndarray, width: float, colour: str) -> None:
    """Draw a box from quartile to quartile, and all points over it, spread sideways."""
    if len(values) < ENOUGH:
        axes.hlines(np.median(values), place - width / 2, place + width / 2, colour, linewidth=2)
    else:
        lines = {"color": colour, "linewidth": 1.5}
        axes.boxplot(
            values,
            positions=[place],
            widths=width,
            showfliers=False,  # they are among the points
            manage_ticks=False,
            patch_artist=True,
            boxprops={"facecolor": f"{colour}30", "edgecolor": colour},
            medianprops=lines | {"linewidth": 2.5},
            whiskerprops=lines,
            capprops=lines,
        )
    spread = np.random.default_rng(0).uniform(-0.3, 0.3, len(values)) * width
    axes.plot(place + spread, values, ".", color=colour, alpha=0.6, markersize=6)


def _write_above(axes: "Axes", place: float, text: str, colour: str) -> None:
    """Write `text` over the frame."""
    height = axes.get_xaxis_transform()
    axes.text(place, 1.01, text, color=colour, ha="center", va="bottom", fontsize="small", transform=height)


def _label(axes: "Axes", names: Sequence[str], unit: str) -> None:
    axes.set_xticks(range(len(names)), names)
    axes.set(ylabel=UNIT_NAMES[unit], xlim=(-0.6, len(names) - 0.4))
    axes.grid(axis="y", alpha=0.3)
    if unit == "dB":
        axes.axhline(0, color="black", linewidth=0.8)
    else:
        axes.set_ylim(min(0, axes.get_ylim()[0]), 1)


def _add_legend(figure: "Figure", stems: Sequence[str]) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], marker="s", linestyle="", color=COLOURS[number % len(COLOURS)], label=verbatim(label(stem)))
        for number, stem in enumerate(stems)
    ]
    about = "point: a track   box: the middle half   bar and number: the median   whiskers: 1.5 boxes at most"
    figure.legend(handles=handles, title=about, loc="outside lower center", ncols=len(handles), frameon=False)
