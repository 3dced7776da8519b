"""The U-Net with six strided convolutions that Spleeter made known."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from acapella.networks.level import level

FILTERS = (16, 32, 64, 128, 256, 512)
LEAK = 0.2
TYPICAL_LEVEL = 1.9  # mean amplitude of a bin in loud music, which the first weights expect
DROPOUT = 0.5  # in the first three layers of the decoder


class DeepUNet(nn.Module):
    """Predicts the target's amplitudes from the mixture's: (batch, channel, freq, time) ≥ 0 to the same shape.

    Six convolutions of 5×5 with stride 2 down, six transposed ones up, each of which sees the convolution of its own
    size as well; the output is a mask between 0 and 1, times the mixture.

    Sources: A. Jansson et al., "Singing voice separation with deep U-Net convolutional networks", ISMIR 2017; with the
    sizes and the order of layers of R. Hennequin et al., "Spleeter", JOSS 5(50), 2020.

    Whatever the mixture's level, the network sees it at one: divided by its mean amplitude over `LEVEL_FRAMES` frames.

    `stride`: a spectrogram cut into blocks gives the values of the whole only where blocks start at multiples of it.
    `reach`: so many frames (or bins) on either side of an output value can influence it.
    """

    stride = 64
    reach = 255 + 64
    bins = None  # takes any number

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.down = nn.ModuleList(nn.Conv2d(i, o, 5, 2) for i, o in pairwise((channels, *FILTERS)))
        self.down_norm = nn.ModuleList(_normalization(width) for width in FILTERS[:-1])
        widths = [FILTERS[-1], *(2 * width for width in FILTERS[-2::-1])]
        outputs = [*FILTERS[-2::-1], 1]
        self.up = nn.ModuleList(nn.ConvTranspose2d(i, o, 5, 2) for i, o in zip(widths, outputs, strict=True))
        self.up_norm = nn.ModuleList(_normalization(width) for width in outputs)
        self.mask = nn.Conv2d(1, channels, 4, dilation=2, padding=3)

    def forward(self, mixture: Tensor) -> Tensor:
        """(batch, channel, freq, time) to the same shape; any freq and time from 1 on."""
        return self.gain(mixture / level(mixture) * TYPICAL_LEVEL) * mixture

    def gain(self, mixture: Tensor) -> Tensor:
        """The share of the target in a `mixture` at the level that the network knows; shapes as in `forward`."""
        freq, time = mixture.shape[-2:]
        values = F.pad(mixture, (0, -time % self.stride, 0, -freq % self.stride)).transpose(2, 3)
        skips = []
        for depth, convolution in enumerate(self.down):
            values = convolution(F.pad(values, (1, 2, 1, 2)))  # what TensorFlow calls 'same'
            skips.append(values)
            if depth < len(self.down_norm):
                values = F.leaky_relu(self.down_norm[depth](values), LEAK)
        for depth, (convolution, norm) in enumerate(zip(self.up, self.up_norm, strict=True)):
            skip = skips.pop()
            values = skip if depth == 0 else torch.cat([skip, values], dim=1)
            values = norm(F.relu(convolution(values)[..., 1:-2, 1:-2]))
            values = F.dropout(values, DROPOUT, self.training and depth < 3)
        return torch.sigmoid(self.mask(values)).transpose(2, 3)[..., :freq, :time]


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
