"""The layers of SCNet.

Source: W. Tong et al., "SCNet: sparse compression network for music source separation", ICASSP 2024.

The modules bear the names that the published checkpoints give them. Axes: b batch, c or d channels, f bins, t frames.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from acapella.networks.fusible import GELU
from acapella.networks.real_fft import inverse_real_fft, real_fft
from acapella.networks.recurrence import LSTM


@dataclass(frozen=True)
class Band:
    """A band of frequencies.

    Parameters
    ----------
    share: of all bins
    kernel, stride: of the convolution in frequency that compresses it
    depth: layers of its residual branch
    """

    share: float
    kernel: int
    stride: int
    depth: int

    def padding(self, bins: int) -> int:
        """Zeros around so many bins, so that the compressed band covers them all."""
        return self.kernel - 1 if self.stride == 1 else -bins % self.stride

    def compressed(self, bins: int) -> int:
        """What becomes of so many bins."""
        return (bins + self.padding(bins) - self.kernel) // self.stride + 1


def band_sizes(bins: int, bands: Sequence[Band]) -> list[int]:
    """How many of so many bins lie in each band."""
    shares = accumulate(band.share for band in bands)
    edges = [0, *(math.ceil(bins * share) for share in list(shares)[:-1]), bins]
    return [stop - start for start, stop in pairwise(edges)]


class DownLayer(nn.Module):
    """Compresses each band in frequency by its own stride; `sizes` are the bins in them."""

    def __init__(self, inputs: int, outputs: int, bands: Sequence[Band], sizes: list[int]) -> None:
        super().__init__()
        self._sizes = sizes
        self._paddings = [band.padding(size) for band, size in zip(bands, sizes, strict=True)]
        self.convs = nn.ModuleList(nn.Conv2d(inputs, outputs, (band.kernel, 1), (band.stride, 1)) for band in bands)

    def forward(self, values: Tensor) -> list[Tensor]:
        """(b c f t) to (b d f' t) of each band."""
        compressed = []
        bands = torch.split(values, self._sizes, dim=2)
        for convolution, band, zeros in zip(self.convs, bands, self._paddings, strict=True):
            compressed.append(convolution(F.pad(band, (0, 0, zeros // 2, zeros - zeros // 2))))
        return compressed


class DownBlock(nn.Module):
    """A layer of the encoder: compression, a residual branch for each band, and a convolution across all of them."""

    def __init__(
        self, inputs: int, outputs: int, bands: Sequence[Band], sizes: list[int], kernel: int, compression: int
    ) -> None:
        super().__init__()
        self.SDlayer = DownLayer(inputs, outputs, bands, sizes)
        self.conv_modules = nn.ModuleList(ResidualBranch(outputs, band.depth, kernel, compression) for band in bands)
        self.globalconv = nn.Conv2d(outputs, outputs, 3, padding=1)
        self._activation = GELU()

    def forward(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """(b c f t) to (b d f' t), and to what skips to the decoder, shaped alike."""
        bands = zip(self.conv_modules, self.SDlayer(values), strict=True)
        skip = torch.cat([self._activation(branch(band)) for branch, band in bands], dim=2)
        return self.globalconv(skip), skip


class ResidualBranch(nn.Module):
    """Convolutions in time through few channels, each bin on its own, added to what they are given."""

    def __init__(self, channels: int, depth: int, kernel: int, compression: int) -> None:
        super().__init__()
        few = channels // compression
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.GroupNorm(1, channels),
                nn.Conv1d(channels, 2 * few, kernel, padding=kernel // 2),
                nn.GLU(dim=1),
                nn.Conv1d(few, few, kernel, padding=kernel // 2, groups=few),
                nn.GroupNorm(1, few),
                nn.SiLU(),
                nn.Conv1d(few, channels, 1),
            )
            for _ in range(depth)
        )

    def forward(self, values: Tensor) -> Tensor:
        """(b c f t) to the same shape."""
        batch, channels, bins, frames = values.shape
        rows = values.transpose(1, 2).reshape(batch * bins, channels, frames)
        for layer in self.layers:
            rows = rows + layer(rows)
        return rows.reshape(batch, bins, channels, frames).transpose(1, 2)


class FusionLayer(nn.Module):
    """A gated convolution. Its weights see the input twice: the sum of both halves does the same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2 * channels, 2 * channels, 3, padding=1)

    def forward(self, values: Tensor) -> Tensor:
        """(b c f t) to the same shape."""
        first, second = self.conv.weight.chunk(2, dim=1)
        return F.glu(F.conv2d(values, first + second, self.conv.bias, padding=1), dim=1)


class UpLayer(nn.Module):
    """Undoes the compression of `DownLayer`."""

    def __init__(self, inputs: int, outputs: int, bands: Sequence[Band], sizes: list[int]) -> None:
        super().__init__()
        self._sizes = sizes
        self._compressed = [band.compressed(size) for band, size in zip(bands, sizes, strict=True)]
        self.convtrs = nn.ModuleList(
            nn.ConvTranspose2d(inputs, outputs, (band.kernel, 1), (band.stride, 1)) for band in bands
        )

    def forward(self, values: Tensor) -> Tensor:
        """(b c f' t) to (b d f t)."""
        parts = []
        bands = torch.split(values, self._compressed, dim=2)
        for convolution, band, size in zip(self.convtrs, bands, self._sizes, strict=True):
            longer = convolution(band)
            parts.append(longer.narrow(2, (longer.shape[2] - size) // 2, size))
        return torch.cat(parts, dim=2)


class DualPathNetwork(nn.Module):
    """Dual-path layers, by turns on frames and on the Fourier transform of the frames, with twice the channels."""

    def __init__(self, channels: int, layers: int, expansion: int) -> None:
        super().__init__()
        self.dp_modules = nn.ModuleList(
            DualPathLayer(channels * (1 + number % 2), expansion) for number in range(layers)
        )

    def forward(self, values: Tensor) -> Tensor:
        """(b d f t) to the same shape, where t and the number of layers are even."""
        for number, layer in enumerate(self.dp_modules):
            values = layer(values)
            values = inverse_real_fft(values) if number % 2 else real_fft(values)
        return values


class DualPathLayer(nn.Module):
    """Recurrence along frequency, then along time.

    Source: Y. Luo, Z. Chen, T. Yoshioka, "Dual-path RNN: efficient long sequence modeling for time-domain
    single-channel speech separation", ICASSP 2020.
    """

    def __init__(self, channels: int, expansion: int) -> None:
        super().__init__()
        hidden = channels * expansion
        both = range(2)
        self.lstm_layers = nn.ModuleList(LSTM(channels, hidden) for _ in both)
        self.linear_layers = nn.ModuleList(nn.Linear(2 * hidden, channels) for _ in both)
        self.norm_layers = nn.ModuleList(nn.GroupNorm(1, channels) for _ in both)

    def forward(self, values: Tensor) -> Tensor:
        """(b d f t) to the same shape."""
        values = values + self._recur(0, self.norm_layers[0](values).transpose(2, 3)).transpose(2, 3)
        result: Tensor = values + self._recur(1, self.norm_layers[1](values))
        return result

    def _recur(self, number: int, values: Tensor) -> Tensor:
        """Along the last axis of (b d rows length), each row on its own."""
        batch, channels, rows, length = values.shape
        sequences = values.permute(0, 2, 3, 1).reshape(batch * rows, length, channels)
        sequences = self.linear_layers[number](self.lstm_layers[number](sequences))
        restored: Tensor = sequences.reshape(batch, rows, length, channels).permute(0, 3, 1, 2)
        return restored
