"""Analyses of a corpus, a song or a network: a table of numbers, and pictures and HDF5 files to keep.

In each module `compute` is pure, `plot` draws, and `run` does what the command line asks for.
"""

from collections.abc import Callable
from dataclasses import dataclass

from acapella.analyses import distribution, mse, percentile, stoi, volume
from acapella.analyses.report import Report
from acapella.analyses.task import Task
from acapella.errors import UsageError


@dataclass(frozen=True)
class Analysis:
    """How to run an analysis.

    `counts`: valid numbers of files; `network_counts`: those with which it needs a network.
    """

    run: Callable[[Task], Report]
    usage: str
    counts: tuple[int, ...]
    network_counts: tuple[int, ...] = ()


ANALYSES = {
    "stoi": Analysis(stoi.run, "MIX [CLEAN]", (1, 2), (1,)),
    "percentile": Analysis(percentile.run, "no arguments", (0,)),
    "mse": Analysis(mse.run, "PROCESSED CLEAN, or no arguments", (0, 2), (0,)),
    "volume": Analysis(volume.run, "MIX", (1,), (1,)),
    "distribution": Analysis(distribution.run, "no arguments", (0,)),
}


def find_analysis(name: str, files: int, *, model: bool, points: bool) -> Analysis:
    """The analysis called `name`; UsageError if it does not take so many files, a model or points."""
    if name not in ANALYSES:
        raise UsageError(f"{name} is no analysis: choose one of {', '.join(ANALYSES)}.")
    analysis = ANALYSES[name]
    if files not in analysis.counts:
        raise UsageError(f"{name} takes {analysis.usage}; {files or 'none'} given.")
    if model and files not in analysis.network_counts:
        raise UsageError(f"{name} with {files or 'no'} files needs no network: leave model out.", "model")
    if points and name != "volume":
        raise UsageError(f"points belongs to volume, not to {name}: leave it out.", "points")
    return analysis
