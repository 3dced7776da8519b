"""Where to cut a spectrogram into slices: each chopper lists rectangles, time outermost.

A chopper sees only the size of the spectrogram (and, for the filtered ones, the target's values), so that a slice
can be read from disk without computing the rest.
"""

from collections.abc import Callable
from itertools import product
from typing import NamedTuple, Protocol

import numpy as np


class Slicing(Protocol):
    """The parameters that all choppers share; each ignores those it has no use for."""

    @property
    def scale(self) -> int:
        """Length of a slice in frames, and its height in bins where it is square."""

    @property
    def step(self) -> tuple[int, int]:
        """From one sliding slice to the next, along (time, frequency)."""

    @property
    def slices(self) -> int:
        """How many random slices."""

    @property
    def upper(self) -> bool:
        """Keep only the lower half of the bins (the upper half of the picture)."""

    @property
    def filter(self) -> str:
        """What of a target slice is compared: 'maximum' or 'mean'."""


class Rectangle(NamedTuple):
    """Bins `low` to `high` and frames `start` to `stop`, the ends excluded."""

    low: int
    high: int
    start: int
    stop: int

    def cut(self, tensor: np.ndarray) -> np.ndarray:
        """This part of `tensor` (..., bins, frames)."""
        return tensor[..., self.low : self.high, self.start : self.stop]


Extent = tuple[int, int]  # bins, frames
Chopper = Callable[..., list[Rectangle]]


def _height(bins: int, slicing: Slicing) -> int:
    return bins // 2 if slicing.upper else bins


def _all_bins(bins: int, slicing: Slicing) -> tuple[int, int]:
    """The constant bin is left out of whole columns, unless only the lower half is kept."""
    return (0, bins // 2) if slicing.upper else (1, bins)


def _squares(lows: range, starts: range, scale: int) -> list[Rectangle]:
    return [Rectangle(low, low + scale, start, start + scale) for start, low in product(starts, lows)]


def _columns(rows: tuple[int, int], starts: range, scale: int) -> list[Rectangle]:
    return [Rectangle(*rows, start, start + scale) for start in starts]


def _side_by_side(length: int, scale: int) -> range:
    return range(0, length // scale * scale, scale)


def _sliding_starts(length: int, scale: int, step: int) -> range:
    return range(0, max(0, (length - scale) // step) * step, step)


def tile(extent: Extent, slicing: Slicing, **_: object) -> list[Rectangle]:
    """Squares side by side; what is left at the edges is dropped."""
    bins, frames = extent
    lows = _side_by_side(_height(bins, slicing), slicing.scale)
    return _squares(lows, _side_by_side(frames, slicing.scale), slicing.scale)


def full(extent: Extent, slicing: Slicing, **_: object) -> list[Rectangle]:
    """All frequencies, side by side in time."""
    bins, frames = extent
    return _columns(_all_bins(bins, slicing), _side_by_side(frames, slicing.scale), slicing.scale)


def sliding(extent: Extent, slicing: Slicing, **_: object) -> list[Rectangle]:
    """Squares, each a step further along both axes."""
    bins, frames = extent
    time_step, bin_step = slicing.step
    lows = _sliding_starts(_height(bins, slicing), slicing.scale, bin_step)
    return _squares(lows, _sliding_starts(frames, slicing.scale, time_step), slicing.scale)


def sliding_full(extent: Extent, slicing: Slicing, **_: object) -> list[Rectangle]:
    """All frequencies, each slice a step further in time."""
    bins, frames = extent
    starts = _sliding_starts(frames, slicing.scale, slicing.step[0])
    return _columns(_all_bins(bins, slicing), starts, slicing.scale)


def filtered(extent: Extent, slicing: Slicing, *, target: np.ndarray, **_: object) -> list[Rectangle]:
    """The tiles in which the target sounds: above the mean of all its tiles."""
    return _where_it_sounds(tile(extent, slicing), extent, slicing, target)


def filtered_full(extent: Extent, slicing: Slicing, *, target: np.ndarray, **_: object) -> list[Rectangle]:
    """The full slices in which the target sounds, by the same measure as `filtered`."""
    return _where_it_sounds(full(extent, slicing), extent, slicing, target)


def _where_it_sounds(
    rectangles: list[Rectangle], extent: Extent, slicing: Slicing, target: np.ndarray
) -> list[Rectangle]:
    tiles = tile(extent, slicing) or rectangles  # where there are fewer bins than a tile has
    if not tiles:
        return []
    threshold = np.mean([rectangle.cut(target).mean(dtype=np.float64) for rectangle in tiles])
    measure = np.max if slicing.filter == "maximum" else np.mean
    return [rectangle for rectangle in rectangles if measure(rectangle.cut(target)) > threshold]


def random(extent: Extent, slicing: Slicing, *, rng: np.random.Generator, **_: object) -> list[Rectangle]:
    """Squares at random places."""
    bins, frames = extent
    scale, room = slicing.scale, _height(bins, slicing) - slicing.scale
    if room < 0 or frames < scale:
        return []
    starts = rng.integers(0, frames - scale, slicing.slices, endpoint=True)
    lows = rng.integers(0, room, slicing.slices, endpoint=True)
    return [Rectangle(int(b), int(b) + scale, int(t), int(t) + scale) for t, b in zip(starts, lows, strict=True)]


def random_full(extent: Extent, slicing: Slicing, *, rng: np.random.Generator, **_: object) -> list[Rectangle]:
    """All frequencies at random times."""
    bins, frames = extent
    if frames < slicing.scale:
        return []
    starts = rng.integers(0, frames - slicing.scale, slicing.slices, endpoint=True)
    low, high = _all_bins(bins, slicing)
    return [Rectangle(low, high, int(start), int(start) + slicing.scale) for start in starts]


def infere(extent: Extent, slicing: Slicing, **_: object) -> list[Rectangle]:
    """Everything, in pieces of `scale` frames, the last one shorter: for inference."""
    bins, frames = extent
    starts = range(0, frames, slicing.scale)
    return [Rectangle(0, bins, start, min(frames, start + slicing.scale)) for start in starts]


CHOPPERS: dict[str, Chopper] = {
    "tile": tile,
    "full": full,
    "sliding": sliding,
    "sliding_full": sliding_full,
    "filtered": filtered,
    "filtered_full": filtered_full,
    "random": random,
    "random_full": random_full,
    "infere": infere,
}
