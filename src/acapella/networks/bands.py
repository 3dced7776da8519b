"""Bands of a spectrum: each has its own way into the features, and its own way out to a mask."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from acapella.networks.fusible import TINY

Bands = Sequence[Sequence[int]]  # the bins of each band, in order


class BandSplit(nn.Module):
    """The values of each band as features: normalized, and through a linear layer of its own.

    The norms of all bands are computed together: the mean squares by a product with a matrix.
    """

    places: Tensor
    band_of: Tensor
    means: Tensor

    def __init__(self, bands: Bands, channels: int, features: int) -> None:
        super().__init__()
        self.widths = [len(band) * channels for band in bands]
        band_of = torch.arange(len(bands)).repeat_interleave(torch.tensor(self.widths))
        means = torch.nn.functional.one_hot(band_of) / torch.tensor(self.widths)
        self.register_buffer("places", places(bands, channels), persistent=False)
        self.register_buffer("band_of", band_of, persistent=False)
        self.register_buffer("means", means, persistent=False)
        self.weight = nn.Parameter(torch.ones(sum(self.widths)))
        self.layers = nn.ModuleList(nn.Linear(width, features) for width in self.widths)

    def forward(self, spectrum: Tensor) -> Tensor:
        """(batch, channels, bins, time) to (batch, bands, time, features)."""
        values = spectrum.flatten(1, 2)[:, self.places].transpose(1, 2)  # (batch, time, all widths)
        levels = (values.pow(2) @ self.means).clamp(min=TINY).sqrt()  # (batch, time, bands)
        normed = values / levels[..., self.band_of] * self.weight
        parts = zip(self.layers, torch.split(normed, self.widths, dim=-1), strict=True)
        return torch.stack([layer(part) for layer, part in parts], dim=1)


class MaskEstimator(nn.Module):
    """The mask of one source from the features: a small network for each band, and the mean where bands overlap.

    `silent_bins` is the number of lowest bins where the mask is zero.
    """

    rows: Tensor
    shares: Tensor

    def __init__(
        self, bands: Bands, channels: int, *, features: int, hidden: int, layers: int, silent_bins: int = 0
    ) -> None:
        super().__init__()
        self.channels = channels
        self.networks = nn.ModuleList(_network(features, hidden, layers, len(band) * channels) for band in bands)
        rows, shares = _overlaps(places(bands, channels))
        shares.view(len(shares), channels, -1)[:, :, :silent_bins] = 0
        self.register_buffer("rows", rows, persistent=False)
        self.register_buffer("shares", shares, persistent=False)

    def forward(self, values: Tensor) -> Tensor:
        """(batch, bands, time, features) to (batch, channels, bins, time)."""
        bands = [network(band) for network, band in zip(self.networks, values.unbind(1), strict=True)]
        together = torch.cat(bands, dim=-1).transpose(1, 2)  # (batch, all widths, time)
        mask = together[:, self.rows[0]] * self.shares[0]
        for rows, shares in zip(self.rows[1:], self.shares[1:], strict=True):
            mask = mask + together[:, rows] * shares
        return mask.reshape(len(mask), self.channels, -1, mask.shape[-1])


def _network(features: int, hidden: int, layers: int, width: int) -> nn.Sequential:
    """Linear layers with hyperbolic tangents between them, and a gate for each value."""
    network = nn.Sequential()
    for _ in range(layers - 1):
        network.extend([nn.Linear(features, hidden), nn.Tanh()])
        features = hidden
    return network.extend([nn.Linear(features, 2 * width), nn.GLU(dim=-1)])


def places(bands: Bands, channels: int) -> Tensor:
    """Where, in a spectrum flattened from (channels, bins), the values of each band lie: by bin, then by channel."""
    bins = 1 + max(max(band) for band in bands)
    return torch.tensor([channel * bins + each for band in bands for each in band for channel in range(channels)])


def _overlaps(places: Tensor) -> tuple[Tensor, Tensor]:
    """For each place, the rows that lie there and the share of each in their mean: (most overlaps, places, ...)."""
    rows: list[list[int]] = [[] for _ in range(int(places.max()) + 1)]
    for row, place in enumerate(places.tolist()):
        rows[place].append(row)
    most = max(len(those) for those in rows)
    filled = torch.tensor([those + those[:1] * (most - len(those)) for those in rows])
    shares = torch.tensor([[1 / len(those)] * len(those) + [0.0] * (most - len(those)) for those in rows])
    return filled.T.contiguous(), shares.T[..., None].contiguous()
