"""The U-Net with six strided convolutions that Spleeter made known, for whole songs and as a stream."""

from dataclasses import replace
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from acapella.networks.level import LEVEL_CONTEXT, StreamingLevel, level
from acapella.networks.network import Network
from acapella.networks.streaming import Delay, Signal, StreamingNetwork, ValidFrames
from acapella.networks.streaming_convolutions import Convolution, SubPixelConvolution, TransposedConvolution

FILTERS = (16, 32, 64, 128, 256, 512)
SAME = (1, 2)  # zeros before and after: what TensorFlow calls 'same' for five weights and stride 2
MASK_PADDING = 3
LEAK = 0.2
TYPICAL_LEVEL = 1.9  # mean amplitude of a bin in loud music, which the first weights expect
DROPOUT = 0.5  # in the first three layers of the decoder
VECTOR = 16  # channels that a processor computes at once; of fewer, sub-pixel convolutions make no better use


class DeepUNet(Network):
    """Predicts the target's amplitudes, which are ≥ 0, from the mixture's.

    Six convolutions of 5×5 with stride 2 down, six transposed ones up, each of which sees the convolution of its own
    size as well; the output is a mask between 0 and 1, times the mixture.

    Sources: A. Jansson et al., "Singing voice separation with deep U-Net convolutional networks", ISMIR 2017; with the
    sizes and the order of layers of R. Hennequin et al., "Spleeter", JOSS 5(50), 2020.

    Whatever the mixture's level, the network sees it at one: divided by its mean amplitude over `LEVEL_FRAMES` frames.
    """

    stride = 2 ** len(FILTERS)
    # Five weights see two frames on either side, of 1, 2, … 32 frames each on the way down, and likewise on the way up.
    context = LEVEL_CONTEXT + 2 * (stride - 1) + 2 * (stride - 1) + MASK_PADDING
    level_invariant = True

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.down = nn.ModuleList(nn.Conv2d(i, o, 5, 2) for i, o in pairwise((channels, *FILTERS)))
        self.down_norm = nn.ModuleList(_normalization(width) for width in FILTERS[:-1])
        widths = [FILTERS[-1], *(2 * width for width in FILTERS[-2::-1])]
        outputs = [*FILTERS[-2::-1], 1]
        self.up = nn.ModuleList(nn.ConvTranspose2d(i, o, 5, 2) for i, o in zip(widths, outputs, strict=True))
        self.up_norm = nn.ModuleList(_normalization(width) for width in outputs)
        self.mask = nn.Conv2d(1, channels, 4, dilation=2, padding=MASK_PADDING)

    def forward(self, mixture: Tensor) -> Tensor:
        """Target of the `mixture`, both (b, c, f, t), of any f and t from 1 on.

        b batch, c channel, f frequency, t time; inside (b, c, t, f), as spectra lie in memory.
        """
        return self.predict_mask(mixture / level(mixture) * TYPICAL_LEVEL) * mixture

    def predict_mask(self, mixture: Tensor) -> Tensor:
        """Mask between 0 and 1 for a `mixture` whose level is not normalized, both (b, c, f, t)."""
        f, t = mixture.shape[-2:]
        values = F.pad(mixture, (0, -t % self.stride, 0, -f % self.stride)).transpose(2, 3)
        mask = torch.sigmoid(self._decode(self._encode(values)))
        return mask.transpose(2, 3)[..., :f, :t]

    def _encode(self, values: Tensor) -> list[Tensor]:
        """What each convolution makes of (b, c, t, f), the coarsest last."""
        skips = []
        for depth, convolution in enumerate(self.down):
            values = convolution(F.pad(values, SAME + SAME))
            skips.append(values)
            if depth < len(self.down_norm):
                values = F.leaky_relu(self.down_norm[depth](values), LEAK)
        return skips

    def _decode(self, skips: list[Tensor]) -> Tensor:
        """The mask before its sigmoid, (b, c, t, f)."""
        before, after = SAME
        values = skips.pop()
        for depth, (convolution, norm) in enumerate(zip(self.up, self.up_norm, strict=True)):
            values = values if depth == 0 else torch.cat([skips.pop(), values], dim=1)
            values = norm(F.relu(convolution(values)[..., before:-after, before:-after]))
            values = F.dropout(values, DROPOUT, self.training and depth < 3)
        mask: Tensor = self.mask(values)
        return mask

    def streaming(self, bins: int) -> "StreamingDeepUNet":
        """The network for a song that comes piece by piece."""
        return StreamingDeepUNet(self, bins)


class StreamingDeepUNet(StreamingNetwork):
    """`DeepUNet`, as it infers, for one piece of a song after the other.

    Its latency, each layer's in its own frames:

        level                    64   half of its 129 frames
        down, ceil((n + 2) / 2)  33, 18, 10, 6, 4, 3
        up, 2 * n + 1            7, 15, 31, 63, 127, 255
        mask, n + 3              258

    Pieces of 64 frames allow no less. A frame of the coarsest layer needs the 64 + 2 * 63 = 190 frames of the song
    behind its own 64, so it is there 3 pieces later. Output frames from 2 before its first on need the next one as
    well. So the newest that can be computed is 3 + 63 + 3 * 64 = 258 frames behind.
    """

    def __init__(self, network: DeepUNet, bins: int) -> None:
        super().__init__()
        self.source = Signal(network.channels, bins)
        self.level = StreamingLevel(self.source)
        self.to_level = Delay(self.source, self.level.output.latency)
        self.padding = -bins % network.stride  # along frequency, as in the network
        down = _down(network, replace(self.to_level.output, bins=bins + self.padding))
        skip, up = _up(network, [layer.output for layer in down])
        padding = (MASK_PADDING, MASK_PADDING)
        self.mask = Convolution(network.mask, up[-1].output, padding, padding)
        self.valid_frames = ValidFrames(network.stride, [layer.source for layer in (*down, *up, self.mask)])
        self.output = self.mask.output
        self.to_mask = Delay(self.to_level.output, self.output.latency)
        self.down, self.skip, self.up = nn.ModuleList(down), nn.ModuleList(skip), nn.ModuleList(up)
        self.down_norm = network.down_norm

    def forward(self, mixture: Tensor, valid: Tensor) -> Tensor:
        """Target of the next piece; axes and shapes as in the base."""
        frames = self.valid_frames(valid)
        level, mixture = self.level(mixture, valid), self.to_level(mixture)
        values = mixture / level * TYPICAL_LEVEL
        if self.padding:
            values = F.pad(values, (0, self.padding))
        skips = []
        for depth, convolution in enumerate(self.down):
            values = convolution(values, frames)
            skips.append(values)
            if depth < len(self.down_norm):
                values = F.leaky_relu(self.down_norm[depth](values), LEAK)
        values = skips.pop()
        for depth, convolution in enumerate(self.up):
            if depth:
                values = torch.cat([self.skip[depth - 1](skips.pop()), values], dim=1)
            values = convolution(values, frames)
        mask = torch.sigmoid(self.mask(values, frames))[..., : -self.padding or None]
        target: Tensor = mask * self.to_mask(mixture)
        return target


def _down(network: DeepUNet, signal: Signal) -> list[Convolution]:
    layers = []
    for convolution in network.down:
        assert isinstance(convolution, nn.Conv2d)
        layers.append(Convolution(convolution, signal, time=SAME, frequency=SAME))
        signal = layers[-1].output
    return layers


def _up(network: DeepUNet, down: list[Signal]) -> tuple[list[Delay], list[TransposedConvolution]]:
    """The delays of the skip connections, and the convolutions; `down` is what those on the way down give."""
    delays: list[Delay] = []
    layers: list[TransposedConvolution] = []
    signal = down.pop()
    for convolution, norm in zip(network.up, network.up_norm, strict=True):
        assert isinstance(convolution, nn.ConvTranspose2d)
        if layers:
            delays.append(Delay(down.pop(), signal.latency))
            signal = replace(signal, channels=2 * signal.channels)
        kind = SubPixelConvolution if convolution.out_channels >= VECTOR else TransposedConvolution
        layers.append(kind(convolution, signal, crop=SAME[0], then=nn.Sequential(nn.ReLU(), norm)))
        signal = layers[-1].output
    return delays, layers


class _FixedNorm(nn.BatchNorm2d):
    """Batch normalization that keeps its statistics in training, too: a factor and an offset for each channel.

    Spleeter's weights were learnt so, with means of 0 and variances of 1; statistics of batches would undo them.
    """

    def train(self, mode: bool = True) -> "_FixedNorm":
        """Stay as in inference."""
        super().train(False)
        return self


def _normalization(channels: int) -> nn.BatchNorm2d:
    return _FixedNorm(channels, eps=1e-3)
