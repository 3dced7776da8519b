"""Scores as tables to read on screen."""

from collections.abc import Iterator, Mapping, Sequence

from rich.table import Table

from acapella.evaluation.comparison import Difference, Differences
from acapella.evaluation.groups import as_text
from acapella.evaluation.scores import TrackScores, label
from acapella.evaluation.summary import STATISTICS, Summary, Total


def track_table(tracks: Sequence[TrackScores]) -> Table:
    """A row for each track and stem."""
    names = list(next(iter(tracks[0].scores.values())))
    table = _table(("track", "stem"), names)
    for track in tracks:
        title = track.name
        for stem, scores in track.scores.items():
            table.add_row(title, label(stem), *(as_text(name, scores[name]) for name in names))
            title = ""
    return table


def total_table(summary: Summary) -> Table:
    """Rows of statistics for each stem, and for the mixture in its place."""
    names = list(next(iter(summary.scores.values())))
    table = _table((f"{_tracks(summary.tracks)}, {summary.seconds:.0f} s", ""), names)
    for stem, scores in summary.scores.items():
        for title, totals in ((label(stem), scores), (f"{label(stem)}: mixture", summary.mixture[stem])):
            for statistic, cells in _rows(totals, names):
                table.add_row(title, statistic, *cells)
                title = ""
    return table


def comparison_table(summaries: Mapping[str, Summary], differences: Mapping[str, Differences]) -> Table:
    """For each stem and metric, its statistic for each system, and how much the others differ from the first.

    `summaries` are those of all systems, `differences` those of all but the first.
    """
    table = _table(("", ""), ())
    for name in summaries:
        table.add_column(name, justify="right", overflow="fold")
    for name in differences:
        table.add_column(f"{name}: difference, 95 % interval", justify="right", overflow="fold")
    first = next(iter(summaries.values()))
    for stem, scores in first.scores.items():
        title = label(stem)
        for metric in scores:
            totals = [summary.scores.get(stem, {}).get(metric) for summary in summaries.values()]
            values = [as_text(metric, next(iter(total.statistics.values()))) if total else "" for total in totals]
            found = [others.get(stem, {}).get(metric) for others in differences.values()]
            statistic = next(iter(scores[metric].statistics))
            table.add_row(title, f"{metric} {statistic}", *values, *(_interval(metric, one) for one in found))
            title = ""
    return table


def _interval(metric: str, difference: Difference | None) -> str:
    if difference is None:
        return ""
    low, high = (as_text(metric, value) for value in (difference.low, difference.high))
    sign = "+" if difference.mean > 0 else ""
    return f"{sign}{as_text(metric, difference.mean)} [{low}, {high}]"


def remarks(summary: Summary) -> list[str]:
    """What the totals leave out, in sentences."""
    silent = [f"the {label(stem)} of {_tracks(count)}" for stem, count in summary.silent.items() if count]
    undefined = [
        f"{label(stem)} {name} in {summary.scored[stem] - total.tracks}"
        for stem, scores in summary.scores.items()
        for name, total in scores.items()
        if total.tracks < summary.scored[stem]
    ]
    sentences = [f"Silent reference: {', '.join(silent)}."] if silent else []
    if undefined:
        sentences.append(f"Not defined, and left out, of {_tracks(summary.tracks)}: {', '.join(undefined)}.")
    return sentences


def _rows(totals: dict[str, Total], names: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Each statistic that any metric has, and its cells."""
    for statistic in STATISTICS:
        found = {name: total.statistics[statistic] for name, total in totals.items() if statistic in total.statistics}
        if found:
            yield statistic, [as_text(name, found[name]) if name in found else "" for name in names]


def _table(titles: Sequence[str], names: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        table.add_column(title, overflow="fold")
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _tracks(count: int) -> str:
    return f"{count} track" if count == 1 else f"{count} tracks"
