"""Bands of a spectrum: each has its own way into the features, and its own way out to a mask."""

from collections.abc import Sequence
from functools import reduce

import torch
from torch import Tensor, nn

from acapella.networks.fusible import TINY

Bands = Sequence[Sequence[int]]  # the bins of each band, in order


class BandSplit(nn.Module):
    """The values of each band as features: normalized, and through a linear layer of its own.

    The norms of all bands are computed together: the mean squares by a product with a matrix.
    """

    indices: Tensor
    band_of: Tensor
    means: Tensor

    def __init__(self, bands: Bands, channels: int, features: int) -> None:
        super().__init__()
        self.widths = [len(band) * channels for band in bands]
        band_of = torch.arange(len(bands)).repeat_interleave(torch.tensor(self.widths))
        means = torch.nn.functional.one_hot(band_of) / torch.tensor(self.widths)
        self.register_buffer("indices", _indices(bands, channels), persistent=False)
        self.register_buffer("band_of", band_of, persistent=False)
        self.register_buffer("means", means, persistent=False)
        self.weight = nn.Parameter(torch.ones(sum(self.widths)))
        self.layers = nn.ModuleList(nn.Linear(width, features) for width in self.widths)

    def forward(self, spectrum: Tensor) -> Tensor:
        """(batch, channels, bins, time) to (batch, bands, time, features)."""
        values = spectrum.flatten(1, 2).index_select(1, self.indices).transpose(1, 2)  # (batch, time, all widths)
        levels = (values.pow(2) @ self.means).clamp(min=TINY).sqrt()  # (batch, time, bands)
        normed = values / levels.index_select(2, self.band_of) * self.weight
        parts = torch.split(normed[:, None], self.widths, dim=-1)  # each (batch, 1, time, width)
        return torch.cat([layer(part) for layer, part in zip(self.layers, parts, strict=True)], dim=1)


class MaskEstimator(nn.Module):
    """The mask of one source from the features: a small network for each band, and the mean where bands overlap.

    `silent_bins` is the number of lowest bins where the mask is zero.
    """

    values: Tensor
    gates: Tensor
    shares: Tensor

    def __init__(
        self, bands: Bands, channels: int, *, features: int, hidden: int, layers: int, silent_bins: int = 0
    ) -> None:
        super().__init__()
        self.channels = channels
        widths = [len(band) * channels for band in bands]
        self.networks = nn.ModuleList(_network(features, hidden, layers, 2 * width) for width in widths)
        rows, shares = _overlaps(_indices(bands, channels))
        shares.view(len(shares), channels, -1)[:, :, :silent_bins] = 0
        sizes = torch.tensor(widths)
        before = (sizes.cumsum(0) - sizes).repeat_interleave(sizes)  # gates of the bands before, for each row
        self.register_buffer("values", rows + before[rows], persistent=False)
        self.register_buffer("gates", self.values + sizes.repeat_interleave(sizes)[rows], persistent=False)
        self.register_buffer("shares", shares, persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """(batch, bands, time, features) to (batch, channels, bins, time)."""
        parts = zip(self.networks, torch.split(features, 1, dim=1), strict=True)
        bands = [network(part) for network, part in parts]  # each (batch, 1, time, values and then gates)
        together = torch.cat(bands, dim=-1).squeeze(1).transpose(1, 2)
        masks = [
            together.index_select(1, values) * torch.sigmoid(together.index_select(1, gates)) * shares
            for values, gates, shares in zip(self.values, self.gates, self.shares, strict=True)
        ]
        mask: Tensor = reduce(torch.add, masks)
        return mask.reshape(len(mask), self.channels, -1, mask.shape[-1])


def _network(features: int, hidden: int, layers: int, outputs: int) -> nn.Sequential:
    """Linear layers with hyperbolic tangents between them."""
    network = nn.Sequential()
    for _ in range(layers - 1):
        network.extend([nn.Linear(features, hidden), nn.Tanh()])
        features = hidden
    return network.append(nn.Linear(features, outputs))


def _indices(bands: Bands, channels: int) -> Tensor:
    """Where, in a spectrum flattened from (channels, bins), the values of each band lie: by bin, then by channel."""
    bins = 1 + max(max(band) for band in bands)
    return torch.tensor([channel * bins + each for band in bands for each in band for channel in range(channels)])


def _overlaps(indices: Tensor) -> tuple[Tensor, Tensor]:
    """For each value of a spectrum, the rows that hold it, and their shares: (most overlaps, values, ...)."""
    rows: list[list[int]] = [[] for _ in range(int(indices.max()) + 1)]
    for row, index in enumerate(indices.tolist()):
        rows[index].append(row)
    most = max(len(those) for those in rows)
    filled = torch.tensor([those + those[:1] * (most - len(those)) for those in rows])
    shares = torch.tensor([[1 / len(those)] * len(those) + [0.0] * (most - len(those)) for those in rows])
    return filled.T.contiguous(), shares.T[..., None].contiguous()
