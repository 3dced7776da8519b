"""Percentiles of a stream of values, in constant memory."""

import numpy as np


class Quantiles:
    """Percentiles of each channel from a histogram with bins of equal width in arcsinh(value / SMALLEST).

    The error of a percentile is at most 0.01 % or SMALLEST * WIDTH, whichever is more; 0 and 100 are exact.
    """

    SMALLEST, LARGEST, WIDTH = 1e-5, 1e6, 2e-4

    def __init__(self, channels: int) -> None:
        self._centre = int(np.ceil(np.arcsinh(self.LARGEST / self.SMALLEST) / self.WIDTH))
        self._counts = np.zeros((channels, 2 * self._centre + 1), np.int64)
        self._lowest = np.full(channels, np.inf)
        self._highest = np.full(channels, -np.inf)

    def push(self, values: np.ndarray) -> None:
        """Add `values` (channels, …) to the histogram."""
        rows = values.reshape(len(self._counts), -1)
        bins = np.rint(np.arcsinh(rows / self.SMALLEST) / self.WIDTH).astype(np.int64) + self._centre
        for counts, places in zip(self._counts, bins.clip(0, 2 * self._centre), strict=True):
            counts += np.bincount(places, minlength=len(counts))
        self._lowest = np.minimum(self._lowest, rows.min(axis=-1))
        self._highest = np.maximum(self._highest, rows.max(axis=-1))

    def percentiles(self, percents: np.ndarray) -> np.ndarray:
        """The values at or below which `percents` percent of all values lie, (channels, percents)."""
        found = np.empty((len(self._counts), len(percents)))
        for row, counts in zip(found, self._counts, strict=True):
            reached = np.cumsum(counts)
            places = np.searchsorted(reached, np.maximum(1, reached[-1] * percents / 100))
            row[:] = self.SMALLEST * np.sinh((places - self._centre) * self.WIDTH)
        found[:, percents == 0] = self._lowest[:, None]
        found[:, percents == 100] = self._highest[:, None]
        return found.clip(self._lowest[:, None], self._highest[:, None])
