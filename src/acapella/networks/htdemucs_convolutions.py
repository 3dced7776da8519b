"""The convolutional layers of HT-Demucs, which are those of Hybrid Demucs.

Each has two forms. On the waveform's side it takes (batch, channels, samples) and convolves in time. On the spectrum's
side it takes (batch, channels, bins, frames) and convolves in frequency, each frame on its own; its residual branch
convolves in time, each bin on its own.

Source: A. Défossez, "Hybrid spectrogram and waveform source separation", Music Demixing workshop, 2021.

The modules bear the names that the published checkpoints give them.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from acapella.networks.fusible import GELU, gated_convolution

EPSILON = 1e-5  # beside a variance


@dataclass(frozen=True)
class LayerSizes:
    """What the layers of a network have in common.

    Parameters
    ----------
    kernel, stride: of the convolutions that change the length
    normalized_from, groups: the first layer with group normalization, counted from 0, by default none; and its groups
    residual_encoder, residual_decoder: whether their layers have residual branches
    residual_depth, residual_compression, residual_scale: layers of a residual branch, how many times fewer channels it
        has, and what its output is multiplied by at first
    rewrite: whether a gated convolution follows in an encoder's layer, and goes before in a decoder's
    encoder_context, decoder_context: positions on either side that it sees
    """

    kernel: int = 8
    stride: int = 4
    normalized_from: int | None = None
    groups: int = 4
    residual_encoder: bool = True
    residual_decoder: bool = True
    residual_depth: int = 2
    residual_compression: int = 8
    residual_scale: float = 1e-3
    rewrite: bool = True
    encoder_context: int = 0
    decoder_context: int = 1

    def normalized(self, number: int) -> bool:
        """Whether the layer of this number is normalized."""
        return self.normalized_from is not None and number >= self.normalized_from

    @property
    def margin(self) -> int:
        """What a convolution adds to the length at either end."""
        return self.kernel // 4

    def shorter(self, length: int) -> int:
        """The length behind an encoder's layer."""
        return -(-length // self.stride)


class LayerScale(nn.Module):
    """A factor for each channel, small at first, so that a residual branch starts as next to nothing.

    Source: H. Touvron et al., "Going deeper with image transformers", ICCV 2021.
    """

    def __init__(self, channels: int, initial: float) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.full((channels,), initial))


class ResidualBranch(nn.Module):
    """Dilated convolutions in time through few channels, each added to what it is given."""

    def __init__(self, channels: int, sizes: LayerSizes) -> None:
        super().__init__()
        few = channels // sizes.residual_compression
        self.layers = nn.ModuleList(
            ResidualLayer(channels, few, 1 << depth, sizes.residual_scale) for depth in range(sizes.residual_depth)
        )

    def forward(self, values: Tensor) -> Tensor:
        """(b c t) to the same, or (b c f t), where each bin f is treated on its own."""
        result = values.unsqueeze(2) if values.dim() == 3 else values
        for layer in self.layers:
            result = result + layer(result)
        return result.squeeze(2) if values.dim() == 3 else result


class ResidualLayer(nn.Sequential):
    """A dilated convolution to few channels and one back to many, each normalized, with a gate and a scale.

    The second normalization costs no pass over the many channels: mean and variance of what a linear map gives follow
    from those of the few channels that it is given. They come as two more channels, so that the map is a convolution
    with constant weights, and bins need not be brought to another place.
    """

    def __init__(self, channels: int, few: int, dilation: int, scale: float) -> None:
        super().__init__(
            nn.Conv1d(channels, few, 3, dilation=dilation, padding=dilation),
            BinNorm(1, few),
            GELU(),
            nn.Conv1d(few, 2 * channels, 1),
            nn.GroupNorm(1, 2 * channels),
            nn.GLU(dim=1),
            LayerScale(channels, scale),
        )

    def forward(self, values: Tensor) -> Tensor:
        """(b c f t) to the same; each f is treated on its own. Axes besides: k few channels, o twice as many as c."""
        first = self[0]
        assert isinstance(first, nn.Conv1d)
        spread = first.dilation[0]
        narrow = F.conv2d(values, first.weight.unsqueeze(2), first.bias, padding=(0, spread), dilation=(1, spread))
        narrow = self[2](self[1](narrow))  # b k f t
        weight, bias = self.get_parameter("3.weight"), self.get_parameter("3.bias")
        mean, factor = self._statistics(narrow, weight[..., None], bias)
        frames = narrow.shape[-1]
        factors, means = (part.expand(-1, -1, -1, frames) for part in (factor, factor * mean))
        narrow = torch.cat([narrow * factor, factors, means], dim=1)
        own = self.get_parameter("6.scale")
        scale = torch.cat([own, torch.ones_like(own)])  # of the values, not of their gates
        gain, shift = scale * self.get_parameter("4.weight"), scale * self.get_parameter("4.bias")
        extended = torch.cat([weight[..., 0], bias[:, None], -torch.ones_like(bias)[:, None]], dim=1)
        return gated_convolution(narrow, (gain[:, None] * extended)[..., None, None], shift)

    @staticmethod
    def _statistics(narrow: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """Mean, and one divided by the deviation, (b 1 f 1), of what the second convolution would give."""
        means = narrow.mean(dim=-1, keepdim=True)
        centred = narrow - means
        rows = weight.flatten(1)
        product = (rows.T @ rows / len(rows))[..., None, None]
        within = (centred * F.conv2d(centred, product)).mean(dim=-1, keepdim=True).sum(dim=1, keepdim=True)
        outputs = F.conv2d(means, weight, bias)
        mean = outputs.mean(dim=1, keepdim=True)
        variance = within + (outputs - mean).square().mean(dim=1, keepdim=True)
        return mean, (variance + EPSILON).rsqrt()


class BinNorm(nn.GroupNorm):
    """Normalization over all channels and positions of a bin.

    The positions are averaged before the channels: a runtime that adds up millions of numbers one by one loses digits.
    """

    def forward(self, values: Tensor) -> Tensor:
        """(b c f t) to the same."""
        centred = values - values.mean(dim=3, keepdim=True).mean(dim=1, keepdim=True)
        variance = centred.square().mean(dim=3, keepdim=True).mean(dim=1, keepdim=True)
        return centred * (self.weight[:, None, None] * (variance + EPSILON).rsqrt()) + self.bias[:, None, None]


class EncoderLayer(nn.Module):
    """A convolution that makes the length `stride` times shorter, a residual branch, and a gate.

    `number` is the layer's, from 0 on; `spectral` says whether it works on a spectrum.
    """

    def __init__(self, inputs: int, outputs: int, sizes: LayerSizes, number: int, *, spectral: bool) -> None:
        super().__init__()
        normalized = sizes.normalized(number)
        context = sizes.encoder_context
        self._gated, self._stride, self._spectral = sizes.rewrite, sizes.stride, spectral
        self._activation = GELU()
        self.conv = _convolution(inputs, outputs, sizes.kernel, sizes.stride, sizes.margin, spectral=spectral)
        self.norm1 = _normalization(outputs, sizes, normalized)
        self.dconv = ResidualBranch(outputs, sizes) if sizes.residual_encoder else nn.Identity()
        if sizes.rewrite:
            self.rewrite = _rewrite(outputs, context, spectral=spectral)
            self.norm2 = _normalization(2 * outputs, sizes, normalized)

    def forward(self, values: Tensor) -> Tensor:
        """(b i s) to (b o s/stride), or (b i f t) to (b o f/stride t); lengths are rounded up."""
        if not self._spectral and (missing := -values.shape[-1] % self._stride):
            values = F.pad(values, (0, missing))
        values = self.dconv(self._activation(self.norm1(self.conv(values))))
        return _gate(values, self.rewrite, self.norm2) if self._gated else values


class DecoderLayer(nn.Module):
    """The way back: a skip connection, a gate, a residual branch, and a convolution that makes the length longer.

    Parameters as of `EncoderLayer`; behind layer 0, the last one, there is no activation.
    """

    def __init__(self, inputs: int, outputs: int, sizes: LayerSizes, number: int, *, spectral: bool) -> None:
        super().__init__()
        normalized = sizes.normalized(number)
        self._activation = GELU() if number else nn.Identity()
        self._gated = sizes.rewrite
        self._cut = sizes.margin if normalized else 0  # behind the normalization, which takes in all there is
        if sizes.rewrite:
            self.rewrite = _rewrite(inputs, sizes.decoder_context, spectral=spectral)
            self.norm1 = _normalization(2 * inputs, sizes, normalized)
        self.dconv = ResidualBranch(inputs, sizes) if sizes.residual_decoder else nn.Identity()
        self.conv_tr = _transposed(
            inputs, outputs, sizes.kernel, sizes.stride, sizes.margin - self._cut, spectral=spectral
        )
        self.norm2 = _normalization(outputs, sizes, normalized)

    def forward(self, values: Tensor, skip: Tensor, length: int) -> Tensor:
        """(b i s) to (b o length), or (b i f t) to (b o length t); `skip` is shaped like `values`."""
        values = values + skip
        if self._gated:
            values = _gate(values, self.rewrite, self.norm1)
        values = self.norm2(self.conv_tr(self.dconv(values)))
        result: Tensor = self._activation(values.narrow(2, self._cut, length))
        return result


def _convolution(
    inputs: int, outputs: int, kernel: int, stride: int, padding: int, *, spectral: bool
) -> nn.Conv1d | nn.Conv2d:
    """In time, or in frequency."""
    if spectral:
        return nn.Conv2d(inputs, outputs, (kernel, 1), (stride, 1), (padding, 0))
    return nn.Conv1d(inputs, outputs, kernel, stride, padding)


def _transposed(
    inputs: int, outputs: int, kernel: int, stride: int, padding: int, *, spectral: bool
) -> nn.ConvTranspose1d | nn.ConvTranspose2d:
    if spectral:
        return nn.ConvTranspose2d(inputs, outputs, (kernel, 1), (stride, 1), (padding, 0))
    return nn.ConvTranspose1d(inputs, outputs, kernel, stride, padding)


def _rewrite(channels: int, context: int, *, spectral: bool) -> nn.Conv1d | nn.Conv2d:
    """What a gated linear unit takes, from `context` positions on either side; of a spectrum, in both directions."""
    size = 1 + 2 * context
    if spectral:
        return nn.Conv2d(channels, 2 * channels, size, padding=context)
    return nn.Conv1d(channels, 2 * channels, size, padding=context)


def _gate(values: Tensor, convolution: nn.Conv1d | nn.Conv2d, norm: nn.Module) -> Tensor:
    """A gated linear unit of what the convolution gives, normalized."""
    if isinstance(norm, nn.Identity):
        return gated_convolution(values, convolution.weight, convolution.bias, convolution.padding)
    return F.glu(norm(convolution(values)), dim=1)


def _normalization(channels: int, sizes: LayerSizes, normalized: bool) -> nn.Module:
    return nn.GroupNorm(sizes.groups, channels) if normalized else nn.Identity()
