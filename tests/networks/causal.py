"""A small network that needs nothing of the future: the second kind of stream that tests know."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from acapella.networks.network import Network
from acapella.networks.streaming import Signal, StreamingNetwork
from acapella.networks.streaming_convolutions import Convolution

WIDTH = 6
BEFORE = (2, 0)  # frames of zeros, all before the song
SIDES = (1, 1)  # bins of zeros


class Causal(Network):
    """Two convolutions of 3×3, which see no later frames, and a mask."""

    stride = 1
    context = 2 * BEFORE[0]

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.first = nn.Conv2d(channels, WIDTH, 3)
        self.mask = nn.Conv2d(WIDTH, channels, 3)

    def forward(self, mixture: Tensor) -> Tensor:
        """(b, c, f, t) to the same shape."""
        values = F.relu(self.first(F.pad(mixture.transpose(2, 3), SIDES + BEFORE)))
        return torch.sigmoid(self.mask(F.pad(values, SIDES + BEFORE))).transpose(2, 3) * mixture

    def streaming(self, bins: int) -> StreamingNetwork:
        """The same, piece by piece."""
        return StreamingCausal(self, bins)


class StreamingCausal(StreamingNetwork):
    """No mask: what lies beyond the end of the song comes after all that it could change."""

    def __init__(self, network: Causal, bins: int) -> None:
        super().__init__()
        self.source = Signal(network.channels, bins)
        self.first = Convolution(network.first, self.source, BEFORE, SIDES)
        self.mask = Convolution(network.mask, self.first.output, BEFORE, SIDES)
        self.output = self.mask.output

    def forward(self, mixture: Tensor, valid: Tensor) -> Tensor:
        """As the base says."""
        target: Tensor = torch.sigmoid(self.mask(F.relu(self.first(mixture)))) * mixture
        return target
