"""The results of a search as files: the table `result.md`, and the loss curves `benchmark-loss.png`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, isfinite
from pathlib import Path
from statistics import mean, median, stdev
from typing import TYPE_CHECKING, Any

from acapella.pictures import drawing, verbatim
from acapella.whole_files import atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TABLE = "result.md"
PICTURE = "benchmark-loss.png"
LOSSES = {"loss": "Training loss", "val_loss": "Validation loss"}
COLOURS = ["tab:blue", "tab:orange", "tab:green", "tab:purple", "tab:brown", "tab:pink", "tab:olive", "tab:cyan"]
DIVERGED = 100  # times the median loss


@dataclass(frozen=True)
class Result:
    """The result of one run: its epochs, or the reason why it failed."""

    id: str
    values: Mapping[str, str]
    label: str
    epochs: Sequence[Mapping[str, float]] = ()
    folder: str = ""
    failure: str = ""
    differences: Mapping[str, str] = field(default_factory=dict)  # the values that vary in the grid
    monitor: str = "val_loss"  # what MONITOR says

    @property
    def best(self) -> float | None:
        """The highest SDR, with MONITOR=val_sdr, else the lowest loss."""
        lowest = self.lowest
        return -lowest if lowest is not None and self.monitor == "val_sdr" else lowest

    @property
    def lowest(self) -> float | None:
        """The same as a number of which the lowest is the best."""
        return objective(self.epochs, self.monitor)


@dataclass(frozen=True)
class Search:
    """The runs of one grid that have ended so far, sorted by id."""

    name: str
    options: Sequence[str]
    results: Sequence[Result]

    @property
    def best(self) -> Result | None:
        """The run with the lowest loss, or the highest SDR."""
        ended = [result for result in self.results if result.lowest is not None]
        return min(ended, key=lambda result: result.lowest or 0, default=None)

    @property
    def measure(self) -> str:
        """What the best is the best in."""
        return "max_sdr" if any(result.monitor == "val_sdr" for result in self.results) else "min_loss"


def objective(epochs: Sequence[Mapping[str, float]], monitor: str) -> float | None:
    """What a search minimizes: the lowest loss, or the negative of the highest SDR; None where there is none."""
    if monitor != "val_sdr":
        return min_loss(epochs)
    return min((-epoch[monitor] for epoch in epochs if isfinite(epoch.get(monitor, inf))), default=None)


def min_loss(epochs: Sequence[Mapping[str, float]]) -> float | None:
    """The lowest finite validation loss, or training loss where nothing validates; None where there is none."""
    name = "val_loss" if any("val_loss" in epoch for epoch in epochs) else "loss"
    return min(filter(isfinite, (epoch[name] for epoch in epochs if name in epoch)), default=None)


def write_table(searches: Sequence[Search], path: Path) -> None:
    """Write a Markdown table for each search, with headings if there are several; whole or not at all."""
    tables = [_table(search) for search in searches]
    if len(searches) > 1:
        tables = [f"## {search.name}\n\n{table}" for search, table in zip(searches, tables, strict=True)]
    with atomic_write(path) as unfinished:
        unfinished.write_text("\n".join(tables), encoding="utf-8")


def _table(search: Search) -> str:
    """A row for each combination of values, the lowest loss first, with the options that differ between rows."""
    repetitions: dict[str, list[Result]] = {}
    for result in search.results:
        repetitions.setdefault(str(sorted(result.values.items())), []).append(result)
    groups = sorted(repetitions.values(), key=_mean_loss)
    names = {name for result in search.results if result.epochs for name in result.epochs[-1] if name != "epoch"}
    numbers = sorted(names | {"val_loss"}, key=_validation_first)
    options = [name for name in _shown(search.results[0]) if len({_shown(group[0])[name] for group in groups}) > 1]
    rows = [["id", *options, search.measure, *numbers, "folder", "failure"]]
    rows.append(["---"] * len(rows[0]))
    for group in groups:
        last = [result.epochs[-1] for result in group if result.epochs]
        measured = [_spread([epoch[name] for epoch in last if name in epoch]) for name in numbers]
        best = min(group, key=lambda result: inf if result.lowest is None else result.lowest)
        reached = _spread([result.best for result in group if result.best is not None])
        failures = " ".join(dict.fromkeys(result.failure for result in group if result.failure))
        values = [_shown(best)[name] for name in options]
        rows.append([", ".join(result.id for result in group), *values, reached, *measured, best.folder, failures])
    return "".join(f"| {' | '.join(map(_cell, row))} |\n" for row in rows)


def _shown(result: Result) -> Mapping[str, str]:
    return result.differences or {name.lower(): text for name, text in result.values.items()}


def _mean_loss(group: Sequence[Result]) -> float:
    losses = [result.lowest for result in group if result.lowest is not None]
    return mean(losses) if losses else inf


def _spread(values: Sequence[float]) -> str:
    """The mean of repetitions, ± their standard deviation where there are several."""
    if not values:
        return ""
    return f"{mean(values):.6g}" + (f" ± {stdev(values):.2g}" if len(values) > 1 and all(map(isfinite, values)) else "")


def _validation_first(name: str) -> tuple[bool, bool, str]:
    return (name != "val_loss", name != "loss", name)


def _cell(text: str) -> str:
    """Text that fits into a cell of a table: on one line, with | and < escaped."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "\\<")


def draw_run(epochs: Sequence[Mapping[str, float]], path: Path, title: str) -> None:
    """Write a picture (.png): training and validation loss of one run by epoch; the lowest is marked."""
    with drawing(path, 8, 5) as figure:
        axes = figure.subplots()
        for (name, label), colour in zip(LOSSES.items(), COLOURS, strict=False):
            points = [(epoch["epoch"], epoch[name]) for epoch in epochs if isfinite(epoch.get(name, inf))]
            if points:
                axes.plot(*zip(*points, strict=True), marker=".", color=colour, label=label)
        lowest = min((epoch for epoch in epochs if isfinite(_loss(epoch))), key=_loss, default=None)
        if lowest:
            label = f"Lowest: {_loss(lowest):.5g}, epoch {lowest['epoch']:g}"
            axes.plot(
                lowest["epoch"], _loss(lowest), "o", markersize=10, fillstyle="none", color="tab:red", label=label
            )
            axes.legend()
        _scale(axes, [epoch[name] for epoch in epochs for name in LOSSES if isfinite(epoch.get(name, inf))])
        axes.set(title=verbatim(title), xlabel="Epoch", ylabel="Loss")
        axes.grid(alpha=0.3)


def _loss(epoch: Mapping[str, float]) -> float:
    return epoch.get("val_loss", epoch.get("loss", inf))


def draw_losses(searches: Sequence[Search], path: Path) -> None:
    """Write a picture (.png): a row for each search, with the losses of all runs by epoch, the best run in red."""
    with drawing(path, 12, 5.5 * len(searches)) as figure:
        grid = figure.subplots(len(searches), len(LOSSES), squeeze=False)
        for search, row in zip(searches, grid, strict=True):
            for axes, (name, title) in zip(row, LOSSES.items(), strict=True):
                axes.set(title=verbatim(f"{search.name}: {title.lower()}"), xlabel="Epoch", ylabel=title)
                _draw_curves(axes, search, name)
            if row[0].has_data():
                row[0].legend(loc="upper left", bbox_to_anchor=(0, -0.15), fontsize=8, frameon=False)


def _draw_curves(axes: "Axes", search: Search, name: str) -> None:
    drawn = {result.id: [epoch for epoch in result.epochs if name in epoch] for result in search.results}
    drawn = {run: epochs for run, epochs in drawn.items() if epochs}
    if not drawn:
        axes.text(0.5, 0.5, "None", ha="center", va="center", transform=axes.transAxes)
        axes.set(xticks=[], yticks=[])
        return
    styles = _styles(search, [result for result in search.results if result.id in drawn])
    for run, epochs in drawn.items():
        axes.plot([epoch["epoch"] for epoch in epochs], [epoch[name] for epoch in epochs], **styles[run])
    _scale(axes, [epoch[name] for epochs in drawn.values() for epoch in epochs if isfinite(epoch[name])])


def _styles(search: Search, drawn: Sequence[Result]) -> dict[str, dict[str, Any]]:
    """The style of each run's curve: the best stands out; others have colours and labels if they are few."""
    best = search.best
    others = [result.id for result in drawn if result is not best]
    styles: dict[str, dict[str, Any]] = {run: {"color": "0.6", "linewidth": 0.8, "alpha": 0.6} for run in others}
    if len(others) <= len(COLOURS):
        labels = {result.id: f"{result.id}: {result.label}" for result in drawn}
        styles = {run: {"color": colour, "label": labels[run]} for run, colour in zip(others, COLOURS, strict=False)}
    if best:
        label = f"{best.id} (the best): {best.label}"
        styles[best.id] = {"color": "tab:red", "linewidth": 2.5, "zorder": 3, "label": label}
    return {run: {"marker": ".", **style} for run, style in styles.items()}


def _scale(axes: "Axes", losses: Sequence[float]) -> None:
    """Use a logarithmic scale if losses differ much; cut off diverging runs, which would flatten the others."""
    axes.locator_params(axis="x", integer=True, min_n_ticks=1)
    if not losses:
        return
    if 0 < 10 * min(losses) < max(losses):
        axes.set_yscale("log")
    if max(losses) > DIVERGED * median(losses) > 0:
        axes.set_ylim(top=DIVERGED * median(losses))
