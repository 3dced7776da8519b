"""HT-Demucs: a U-Net on the waveform beside one on the spectrum, with a transformer across both where they are deepest.

Sources: S. Rouard, F. Massa, A. Défossez, "Hybrid transformers for music source separation", ICASSP 2023; A. Défossez,
"Hybrid spectrogram and waveform source separation", Music Demixing workshop, 2021.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from acapella.networks.htdemucs_convolutions import DecoderLayer, EncoderLayer, LayerSizes
from acapella.networks.htdemucs_transformer import CrossTransformer, TransformerSizes

TINY = 1e-5  # beside a standard deviation to divide by
REFERENCE_DEVIATION = 0.1  # of a convolution's first weights


class HTDemucs(nn.Module):
    """Predicts the spectra and the waveforms of all sources; a source is the sum of both (`dsp.hybrid_stft`).

    The modules bear the names that the published checkpoints give them.

    Parameters
    ----------
    sources, audio_channels: how many there are
    samples: of a segment; the network takes no other length
    window_length: of the spectrum, whose hop is a quarter of it
    channels, growth, depth: channels of the first layer, their growth from layer to layer, and number of layers
    frequency_weight, frequency_scale: of the embedding of frequencies; without weight there is none
    bottom_channels: channels within the transformer; 0 where they are the deepest layer's
    layers, transformer: what the convolutional layers, and those of the transformer, have in common
    """

    def __init__(
        self,
        sources: int = 4,
        *,
        audio_channels: int = 2,
        samples: int = 343_980,
        window_length: int = 4096,
        channels: int = 48,
        growth: float = 2,
        depth: int = 4,
        frequency_weight: float = 0.2,
        frequency_scale: float = 10.0,
        bottom_channels: int = 512,
        layers: LayerSizes | None = None,
        transformer: TransformerSizes | None = None,
    ) -> None:
        super().__init__()
        layers = layers or LayerSizes()
        self.sources, self.audio_channels = sources, audio_channels
        self.samples, self.bins, self.frames = samples, window_length // 2, -(-samples // (window_length // 4))
        widths = [int(channels * growth**number) for number in range(depth)]
        self.encoder = _encoder([2 * audio_channels, *widths], layers, spectral=True)
        self.tencoder = _encoder([audio_channels, *widths], layers, spectral=False)
        self.decoder = _decoder([2 * audio_channels * sources, *widths], layers, spectral=True)
        self.tdecoder = _decoder([audio_channels * sources, *widths], layers, spectral=False)
        for branch in (self.encoder, self.tencoder, self.decoder, self.tdecoder):
            branch.apply(_rescale)
        self._lengths, self._lengths_t = [self.bins], [samples]  # in front of each layer, and behind the last one
        for lengths in (self._lengths, self._lengths_t):
            lengths.extend(layers.shorter(lengths[-1]) for _ in range(depth))
        embedded = frequency_weight != 0
        self.freq_emb = FrequencyEmbedding(self._lengths[1], channels, frequency_scale) if embedded else None
        self._frequency_weight = frequency_weight
        deepest = widths[-1]
        width = bottom_channels or deepest
        self.channel_upsampler, self.channel_upsampler_t = (_projection(deepest, width) for _ in range(2))
        self.channel_downsampler, self.channel_downsampler_t = (_projection(width, deepest) for _ in range(2))
        self.crosstransformer = CrossTransformer(
            width, transformer or TransformerSizes(), self._lengths[-1], self.frames, self._lengths_t[-1]
        )

    def forward(self, mixture: Tensor, spectrum: Tensor) -> tuple[Tensor, Tensor]:
        """Spectra and waveforms of the sources.

        Axes: b batch, c audio channels, n sources, s samples, f bins, t frames; complex numbers are real and imaginary
        parts in turn.

        Shape:
            - mixture: (b, c, s)
            - spectrum: (b, c * 2, f, t)
            - returns: (b, n * c * 2, f, t) and (b, n * c, s)
        """
        mean, deviation = _statistics(spectrum)
        mean_t, deviation_t = _statistics(mixture)
        values = (spectrum - mean) / (TINY + deviation)
        values_t = (mixture - mean_t) / (TINY + deviation_t)
        skips, skips_t = [], []
        for number, (layer, layer_t) in enumerate(zip(self.encoder, self.tencoder, strict=True)):
            values, values_t = layer(values), layer_t(values_t)
            if number == 0 and self.freq_emb is not None:
                values = values + self._frequency_weight * self.freq_emb()
            skips.append(values)
            skips_t.append(values_t)
        values, values_t = self._transform(values, values_t)
        lengths = zip(self._lengths[-2::-1], self._lengths_t[-2::-1], strict=True)
        for layer, layer_t, (length, length_t) in zip(self.decoder, self.tdecoder, lengths, strict=True):
            values = layer(values, skips.pop(), length)
            values_t = layer_t(values_t, skips_t.pop(), length_t)
        return values * deviation + mean, values_t * deviation_t + mean_t

    def _transform(self, values: Tensor, values_t: Tensor) -> tuple[Tensor, Tensor]:
        """(b d f t) and (b d s) through the transformer."""
        shape = values.shape[-2:]
        values = self.channel_upsampler(values.flatten(2)).unflatten(2, shape)
        values, values_t = self.crosstransformer(values, self.channel_upsampler_t(values_t))
        return self.channel_downsampler(values.flatten(2)).unflatten(2, shape), self.channel_downsampler_t(values_t)


class FrequencyEmbedding(nn.Module):
    """A learnt vector for each bin, smooth over the bins at first; `scale` makes it learn faster."""

    def __init__(self, bins: int, channels: int, scale: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding(bins, channels)
        self._scale = scale
        with torch.no_grad():
            walk = self.embedding.weight.cumsum(dim=0) / torch.arange(1, bins + 1).sqrt()[:, None]
            self.embedding.weight.copy_(walk / scale)

    def forward(self) -> Tensor:
        """All vectors, (1, channels, bins, 1)."""
        return self._scale * self.embedding.weight.t()[None, :, :, None]


def _encoder(widths: list[int], sizes: LayerSizes, *, spectral: bool) -> nn.ModuleList:
    return nn.ModuleList(
        EncoderLayer(inputs, outputs, sizes, number, spectral=spectral)
        for number, (inputs, outputs) in enumerate(pairwise(widths))
    )


def _decoder(widths: list[int], sizes: LayerSizes, *, spectral: bool) -> nn.ModuleList:
    """The deepest layer, which has the highest number, comes first."""
    layers = [
        DecoderLayer(inputs, outputs, sizes, number, spectral=spectral)
        for number, (outputs, inputs) in enumerate(pairwise(widths))
    ]
    return nn.ModuleList(layers[::-1])


def _projection(inputs: int, outputs: int) -> nn.Module:
    return nn.Conv1d(inputs, outputs, 1) if inputs != outputs else nn.Identity()


def _statistics(values: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of all that a batch's item holds; the last axis is averaged first, for its digits."""
    others = tuple(range(1, values.dim() - 1))
    mean = values.mean(dim=-1, keepdim=True).mean(dim=others, keepdim=True)
    variance = (values - mean).square().mean(dim=-1, keepdim=True).mean(dim=others, keepdim=True)
    number = values[0].numel()
    return mean, (variance * (number / (number - 1))).sqrt()


def _rescale(module: nn.Module) -> None:
    """Bring the first weights of a convolution nearer to one deviation, whatever its size.

    Source: A. Défossez et al., "Music source separation in the waveform domain", 2019, section 4.3.
    """
    if isinstance(module, nn.Conv1d | nn.Conv2d | nn.ConvTranspose1d | nn.ConvTranspose2d):
        with torch.no_grad():
            factor = (REFERENCE_DEVIATION / module.weight.std().clamp(min=TINY)).sqrt()
            module.weight *= factor
            if module.bias is not None:
                module.bias *= factor
