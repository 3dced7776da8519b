"""Bands of a spectrum: each has its own road into the features, and its own way out to a mask."""

from collections.abc import Sequence
from itertools import groupby, pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from acapella.networks.transformer import root_mean_square_norm

Bands = Sequence[Sequence[int]]  # the bins of each band, in order


class BandLinear(nn.Module):
    """A linear layer for each band, with weights of its own; computed as one product of matrices."""

    def __init__(self, bands: int, inputs: int, outputs: int) -> None:
        super().__init__()
        bound = inputs**-0.5
        self.weight = nn.Parameter(torch.empty(bands, inputs, outputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(bands, 1, outputs).uniform_(-bound, bound))

    def forward(self, values: Tensor) -> Tensor:
        """(batch, bands, time, inputs) to (batch, bands, time, outputs)."""
        return values @ self.weight + self.bias


class BandSplit(nn.Module):
    """The spectrum's bands as features, normalized each on its own."""

    places: Tensor

    def __init__(self, bands: Bands, channels: int, features: int) -> None:
        super().__init__()
        self.register_buffer("places", _places(bands, channels), persistent=False)
        self.groups = _groups(bands, channels)
        self.scales = nn.ParameterList(torch.ones(count, 1, width) for count, width in self.groups)
        self.layers = nn.ModuleList(BandLinear(count, width, features) for count, width in self.groups)

    def forward(self, spectrum: Tensor) -> Tensor:
        """(batch, channels, bins, time) to (batch, time, bands, features)."""
        values = spectrum.flatten(1, 2)[:, self.places].transpose(1, 2)  # (batch, time, all widths)
        outputs = []
        parts = values.split([count * width for count, width in self.groups], dim=-1)
        for part, (count, _), scale, layer in zip(parts, self.groups, self.scales, self.layers, strict=True):
            band = part.unflatten(-1, (count, -1)).transpose(1, 2)  # (batch, bands, time, width)
            outputs.append(layer(root_mean_square_norm(band) * scale))
        return torch.cat(outputs, dim=1).transpose(1, 2)


class MaskEstimator(nn.Module):
    """The mask of one source from the features: small networks, one a band, and the mean where bands overlap.

    `silent_bins` is the number of lowest bins where the mask is zero.
    """

    rows: Tensor
    shares: Tensor

    def __init__(
        self, bands: Bands, channels: int, *, features: int, hidden: int, layers: int, silent_bins: int = 0
    ) -> None:
        super().__init__()
        sizes = [features, *[hidden] * (layers - 1)]
        self.groups = _groups(bands, channels)
        self.hidden = nn.ModuleList(BandLinear(len(bands), i, o) for i, o in pairwise(sizes))
        self.last = nn.ModuleList(BandLinear(count, sizes[-1], 2 * width) for count, width in self.groups)
        rows, shares = _overlaps(_places(bands, channels))
        shares.unflatten(1, (channels, -1))[:, :, :silent_bins] = 0
        self.register_buffer("rows", rows, persistent=False)
        self.register_buffer("shares", shares, persistent=False)
        self.channels = channels

    def forward(self, values: Tensor) -> Tensor:
        """(batch, bands, time, features) to (batch, channels, bins, time)."""
        for layer in self.hidden:
            values = torch.tanh(layer(values))
        parts = values.split([count for count, _ in self.groups], dim=1)
        bands = [
            F.glu(layer(part), dim=-1).transpose(2, 3).flatten(1, 2)
            for part, layer in zip(parts, self.last, strict=True)
        ]
        together = torch.cat(bands, dim=1)  # (batch, all widths, time)
        mask = together[:, self.rows[0]] * self.shares[0]
        for rows, shares in zip(self.rows[1:], self.shares[1:], strict=True):
            mask = mask + together[:, rows] * shares
        return mask.unflatten(1, (self.channels, -1))


def _groups(bands: Bands, channels: int) -> list[tuple[int, int]]:
    """Neighbouring bands of the same width: (number of bands, width in values)."""
    return [(len(list(group)), width * channels) for width, group in groupby(len(band) for band in bands)]


def _places(bands: Bands, channels: int) -> Tensor:
    """Where, in a spectrum flattened from (channels, bins), the values of each band lie: by bin, then by channel."""
    bins = 1 + max(max(band) for band in bands)
    return torch.tensor([channel * bins + bin_ for band in bands for bin_ in band for channel in range(channels)])


def _overlaps(places: Tensor) -> tuple[Tensor, Tensor]:
    """For each place, the rows that lie there and the share of each in their mean: (most overlaps, places, ...)."""
    rows: list[list[int]] = [[] for _ in range(int(places.max()) + 1)]
    for row, place in enumerate(places.tolist()):
        rows[place].append(row)
    most = max(len(those) for those in rows)
    filled = torch.tensor([those + those[:1] * (most - len(those)) for those in rows])
    shares = torch.tensor([[1 / len(those)] * len(those) + [0.0] * (most - len(those)) for those in rows])
    return filled.T.contiguous(), shares.T[..., None].contiguous()
