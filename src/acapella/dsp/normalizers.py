"""Bring the values of a track into the range that a network likes, and back.

A normalizer looks at a track's mixture and gives a `Normalization`; the target is normalised with the mixture's
numbers, and the network's output restored with them. Tensors are (..., channels, bins, frames).
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

SMALLEST_SCALE = 1e-4  # below it a track counts as silent and is left as it is


@dataclass(frozen=True)
class Normalization:
    """(x - offset) / scale, clipped to [-1, 1] where `clip`.

    `offset` and `scale` are (..., tensor channels, 1, 1): a number for each channel, and for each item of a batch where
    the tensors are batches.
    """

    offset: np.ndarray
    scale: np.ndarray
    clip: bool

    def apply(self, tensor: np.ndarray) -> np.ndarray:
        """Normalise `tensor`."""
        scaled: np.ndarray = (tensor - self.offset) / self.scale
        return np.clip(scaled, -1, 1) if self.clip else scaled

    def invert(self, tensor: np.ndarray) -> np.ndarray:
        """Undo `apply`; what was clipped stays at the limit."""
        restored: np.ndarray = tensor * self.scale + self.offset
        return restored

    def of_item(self, number: int) -> "Normalization":
        """That of one item of a batch, or this one, where there is but one for all."""
        if self.scale.ndim < 4:
            return self
        return Normalization(self.offset[number : number + 1], self.scale[number : number + 1], self.clip)


IDENTITY = Normalization(np.float32(0).reshape(1, 1, 1), np.float32(1).reshape(1, 1, 1), clip=False)


class Statistics(Protocol):
    """Collects what a normalizer needs from a track that arrives in pieces."""

    def push(self, tensor: np.ndarray) -> None:
        """Take the next frames."""
        ...

    def finish(self) -> Normalization:
        """The track's normalization."""
        ...


class Normalizer(Protocol):
    """Finds a track's normalization: exactly with `fit`, or in constant memory with `statistics`."""

    def fit(self, tensor: np.ndarray) -> Normalization:
        """From the whole track at once, exactly."""
        ...

    def statistics(self) -> Statistics | None:
        """From a stream, in constant memory; None if there is nothing to find out."""
        ...


@dataclass(frozen=True)
class Dummy:
    """Leaves the values as they are."""

    signed: bool
    percentile: float

    def fit(self, tensor: np.ndarray) -> Normalization:
        """The identity."""

        return IDENTITY

    def statistics(self) -> None:
        """Nothing to collect."""


@dataclass(frozen=True)
class Percentile:
    """Divides by a percentile, so that all but the loudest few values lie in [-1, 1].

    Signed values: minus each channel's median, divided by the percentile of what remains, clipped. Others: divided
    by the percentile of the values.
    """

    signed: bool
    percentile: float

    def fit(self, tensor: np.ndarray) -> Normalization:
        """From all values of each channel."""
        axes = (-2, -1)
        offset = np.median(tensor, axes, keepdims=True) if self.signed else np.zeros((1, 1, 1))
        scale = np.percentile(np.abs(tensor - offset), self.percentile, axis=axes, keepdims=True)
        return self._normalization(offset, scale)

    def statistics(self) -> "StreamingPercentile":
        """A histogram that finds the same numbers to within 1 %."""
        return StreamingPercentile(self)

    def _normalization(self, offset: np.ndarray, scale: np.ndarray) -> Normalization:
        scale = np.where(scale < SMALLEST_SCALE, 1, scale)
        return Normalization(offset.astype(np.float32), scale.astype(np.float32), clip=self.signed)


class StreamingPercentile:
    """Median and percentile of each channel from a log-spaced histogram."""

    _SMALLEST, _LARGEST, _RATIO = 1e-7, 1e7, 1.005

    def __init__(self, normalizer: Percentile) -> None:
        self._normalizer = normalizer
        edges = int(np.ceil(np.log(self._LARGEST / self._SMALLEST) / np.log(self._RATIO)))
        magnitudes = self._SMALLEST * self._RATIO ** (np.arange(edges) + 0.5)
        self._values = np.concatenate([-magnitudes[::-1], [0.0], magnitudes])
        self._counts: np.ndarray | None = None
        self._leading: tuple[int, ...] = ()

    def push(self, tensor: np.ndarray) -> None:
        """Count the values of `tensor` (..., channels, bins, frames)."""
        self._leading = tensor.shape[:-2]
        rows = tensor.reshape(-1, tensor.shape[-2] * tensor.shape[-1])
        if self._counts is None:
            self._counts = np.zeros((len(rows), len(self._values)), np.int64)
        centre = len(self._values) // 2
        magnitude = np.maximum(np.abs(rows), self._SMALLEST / 2)
        step = np.floor(np.log(magnitude / self._SMALLEST) / np.log(self._RATIO)).astype(np.int64) + 1
        index = centre + np.sign(rows).astype(np.int64) * np.clip(step, 0, centre)
        for counts, places in zip(self._counts, index, strict=True):
            counts += np.bincount(places, minlength=len(counts))

    def finish(self) -> Normalization:
        """The normalization of all that was pushed."""
        assert self._counts is not None, "finish() before the first push()"
        normalizer = self._normalizer
        pairs = [self._offset_and_scale(counts) for counts in self._counts]
        shape = (*self._leading, 1, 1)
        offset, scale = (np.array(numbers).reshape(shape) for numbers in zip(*pairs, strict=True))
        return normalizer._normalization(offset, scale)

    def _offset_and_scale(self, counts: np.ndarray) -> tuple[float, float]:
        offset = _percentile(self._values, counts, 50) if self._normalizer.signed else 0.0
        return offset, _percentile(np.abs(self._values - offset), counts, self._normalizer.percentile)


def _percentile(values: np.ndarray, counts: np.ndarray, percentile: float) -> float:
    """The smallest of `values` at or below which `percentile` percent of all `counts` lie."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(counts[order])
    return float(values[order[np.searchsorted(reached, reached[-1] * percentile / 100)]])


NORMALIZERS: dict[str, type[Dummy] | type[Percentile]] = {"dummy": Dummy, "percentile": Percentile}
