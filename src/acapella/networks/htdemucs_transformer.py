"""The transformer of HT-Demucs: two sequences, spectrum and waveform, that attend to themselves and to each other.

Sources: S. Rouard, F. Massa, A. Défossez, "Hybrid transformers for music source separation", ICASSP 2023; A. Vaswani
et al., "Attention is all you need", NIPS 2017.

The modules bear the names that the published checkpoints give them. Axes: b batch, q and k positions of the sequence
that asks and of the one that answers, d features, h heads, e features of a head.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from acapella.networks.fusible import GELU
from acapella.networks.htdemucs_convolutions import LayerScale

INITIAL_SCALE = 1e-4
QUERIES = 384  # positions that ask at once: the scores of all of them would fill the memory


@dataclass(frozen=True)
class TransformerSizes:
    """How large the transformer is, and which of its variants.

    Parameters
    ----------
    layers: by turns of self- and cross-attention; 0 means that there is no transformer
    heads: of attention
    expansion: features within the feed-forward parts, for one outside
    cross_first: whether the first layer is of cross-attention
    norm_in: layer normalization in front of the first layer
    norm_first: normalization in front of each part of a layer, or else behind it
    norm_out: with `norm_first`, whether a layer's output is normalized as well
    layer_scale: whether the parts have a learnt scale
    gelu: the activation, or else ReLU
    position_period, position_weight: longest period and weight of the positional embedding
    """

    layers: int = 5
    heads: int = 8
    expansion: float = 4.0
    cross_first: bool = False
    norm_in: bool = True
    norm_first: bool = True
    norm_out: bool = True
    layer_scale: bool = True
    gelu: bool = True
    position_period: float = 10_000.0
    position_weight: float = 1.0


class CrossTransformer(nn.Module):
    """Layers of `width` features for the spectrum's sequence and for the waveform's, side by side.

    `bins`, `frames` and `samples` are the sizes of the two inputs: positions are constants.
    """

    def __init__(self, width: int, sizes: TransformerSizes, bins: int, frames: int, samples: int) -> None:
        super().__init__()
        period, weight = sizes.position_period, sizes.position_weight
        self.norm_in = nn.LayerNorm(width) if sizes.norm_in else nn.Identity()
        self.norm_in_t = nn.LayerNorm(width) if sizes.norm_in else nn.Identity()
        first = 0 if sizes.cross_first else 1
        kinds = [CrossLayer if number % 2 == first else SelfLayer for number in range(sizes.layers)]
        self.layers = nn.ModuleList(kind(width, sizes) for kind in kinds)
        self.layers_t = nn.ModuleList(kind(width, sizes) for kind in kinds)
        positions = weight * plane_positions(width, bins, frames, period).flatten(0, 1)
        self.register_buffer("positions", positions, persistent=False)
        self.register_buffer("positions_t", weight * line_positions(width, samples, period), persistent=False)

    def forward(self, spectrum: Tensor, waveform: Tensor) -> tuple[Tensor, Tensor]:
        """(b d f t) and (b d s) to the same shapes. The spectrum's sequence goes through all bins of a frame first."""
        bins, frames = spectrum.shape[-2:]
        first = self.norm_in(spectrum.transpose(2, 3).flatten(2).transpose(1, 2)) + self.positions
        second = self.norm_in_t(waveform.transpose(1, 2)) + self.positions_t
        for layer, layer_t in zip(self.layers, self.layers_t, strict=True):
            first, second = layer(first, second), layer_t(second, first)
        return first.transpose(1, 2).reshape(*spectrum.shape[:2], frames, bins).transpose(2, 3), second.transpose(1, 2)


class TransformerLayer(nn.Module):
    """What both kinds of layers have: a feed-forward part, normalizations and scales."""

    def __init__(self, width: int, sizes: TransformerSizes) -> None:
        super().__init__()
        hidden = int(width * sizes.expansion)
        self._norm_first, self._activation = sizes.norm_first, GELU() if sizes.gelu else nn.ReLU()
        self.linear1, self.linear2 = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        out = sizes.norm_first and sizes.norm_out
        self.norm_out = SequenceNorm(1, width) if out else nn.Identity()
        self.gamma_1 = LayerScale(width, INITIAL_SCALE) if sizes.layer_scale else None
        self.gamma_2 = LayerScale(width, INITIAL_SCALE) if sizes.layer_scale else None

    def _finish(self, values: Tensor, attended: Tensor, norm: nn.Module) -> Tensor:
        """Add what attention gave; then the feed-forward part, normalized by `norm`. All are (b q d)."""
        values = values + attended
        if not self._norm_first:
            values = self.norm1(values)
        inner = self.linear1(norm(values) if self._norm_first else values)
        values = values + _scaled(self.linear2, self.gamma_2, self._activation(inner))
        result: Tensor = self.norm_out(values) if self._norm_first else norm(values)
        return result


class SelfLayer(TransformerLayer):
    """Self-attention and a feed-forward part."""

    def __init__(self, width: int, sizes: TransformerSizes) -> None:
        super().__init__(width, sizes)
        self.self_attn = Attention(width, sizes.heads)

    def forward(self, values: Tensor, _: Tensor) -> Tensor:
        """(b q d) to the same; the other sequence is not looked at."""
        seen = self.norm1(values) if self._norm_first else values
        return self._finish(values, self.self_attn(seen, seen, self.gamma_1), self.norm2)


class CrossLayer(TransformerLayer):
    """Attention to the other sequence, and a feed-forward part."""

    def __init__(self, width: int, sizes: TransformerSizes) -> None:
        super().__init__(width, sizes)
        self.cross_attn = Attention(width, sizes.heads)
        self.norm3 = nn.LayerNorm(width)

    def forward(self, values: Tensor, other: Tensor) -> Tensor:
        """(b q d) to the same, given the `other` sequence, (b k d)."""
        if self._norm_first:
            attended = self.cross_attn(self.norm1(values), self.norm2(other), self.gamma_1)
            return self._finish(values, attended, self.norm3)
        return self._finish(values, self.cross_attn(values, other, self.gamma_1), self.norm2)


class Attention(nn.Module):
    """Scaled dot-product attention with several heads, as plain matrix products."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self._heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.zeros_(self.out_proj.bias)

    def forward(self, asking: Tensor, answering: Tensor, scale: LayerScale | None = None) -> Tensor:
        """(b q d), given (b k d); what comes out is multiplied by `scale`."""
        weights, biases = list(self.in_proj_weight.chunk(3)), list(self.in_proj_bias.chunk(3))
        factor = (self.in_proj_weight.shape[1] // self._heads) ** -0.5  # rather of the weights than of the scores
        weights[0], biases[0] = factor * weights[0], factor * biases[0]
        sequences = (asking, answering, answering)
        query, key, value = (  # (b h q e) or (b h k e)
            _split_heads(F.linear(sequence, weight, bias), self._heads)
            for sequence, weight, bias in zip(sequences, weights, biases, strict=True)
        )
        keys = key.transpose(2, 3)
        parts = torch.split(query, QUERIES, dim=2)
        mixed = torch.cat([(part @ keys).softmax(dim=-1) @ value for part in parts], dim=2)
        return _scaled(self.out_proj, scale, mixed.transpose(1, 2).flatten(2))


def _split_heads(values: Tensor, heads: int) -> Tensor:
    """(b q d) to (b h q e)."""
    batch, length, width = values.shape
    return values.reshape(batch, length, heads, width // heads).transpose(1, 2)


def _scaled(linear: nn.Linear, scale: LayerScale | None, values: Tensor) -> Tensor:
    """A linear map with a scale behind it, which is drawn into its weights: there are fewer of them than of values."""
    if scale is None:
        result: Tensor = linear(values)
        return result
    return F.linear(values, scale.scale[:, None] * linear.weight, scale.scale * linear.bias)


class SequenceNorm(nn.GroupNorm):
    """Normalization over all features and positions of a sequence."""

    def forward(self, values: Tensor) -> Tensor:
        """(b q d) to the same."""
        centred = values - values.mean(dim=2, keepdim=True).mean(dim=1, keepdim=True)
        variance = centred.square().mean(dim=2, keepdim=True).mean(dim=1, keepdim=True)
        return centred * (self.weight * (variance + self.eps).rsqrt()) + self.bias


def line_positions(width: int, length: int, period: float) -> Tensor:
    """Positional embedding (length, width) of a sequence: cosines, then sines, of wavelengths up to `period`."""
    half = width // 2
    wavelengths = period ** (torch.arange(half) / (half - 1))
    phase = torch.arange(length)[:, None] / wavelengths
    return torch.cat([phase.cos(), phase.sin()], dim=1)


def plane_positions(width: int, bins: int, frames: int, period: float) -> Tensor:
    """Positional embedding (frames, bins, width): one half of the features says the frame, the other half the bin.

    Source: Z. Wang and J.-C. Liu, "Translating math formula images to LaTeX sequences using deep neural networks with
    sequence-level training", IJDAR 2021.
    """
    half = width // 2
    frequencies = torch.exp(torch.arange(0, half, 2) * -(math.log(period) / half))
    embedding = torch.empty(frames, bins, 2, half)
    for axis, phase in enumerate((torch.arange(frames)[:, None, None], torch.arange(bins)[:, None])):
        embedding[:, :, axis, 0::2] = (phase * frequencies).sin()
        embedding[:, :, axis, 1::2] = (phase * frequencies).cos()
    return embedding.flatten(2)
