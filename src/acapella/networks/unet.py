"""The encoder–decoder that both networks share.

It goes back to acapellabot (https://github.com/madebyollin/acapellabot): two strided convolutions down, two
nearest-neighbour upsamplings back, and a skip connection at each size. The layers are those of the Keras
original, in its order, so that its weights fit one to one.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from acapella.networks.activation import LeakyDropout
from acapella.networks.network import Network

NO_ACTIVATION = 1.0  # as a slope below zero


class UNet(Network):
    """The network.

    Every convolution is followed by an activation and dropout; the four that batch normalization follows in
    turn have no bias, for the normalization brings its own.

    Blocks that start and end on the stride's grid need only `context - 3` frames on either side: frames [4k - 22,
    4k + 25] influence [4k, 4k + 3].
    """

    stride = 4  # at the end of a block the padding sees to that
    context = 25
    keras_layout = True

    def __init__(
        self,
        channels: int,
        *,
        body: float,
        tail: float,
        last: float,
        dropout: float = 0.0,
    ) -> None:
        """Choose the activations' slopes below zero and `dropout`, the share of values that training sets to zero.

        A slope of 0 is ReLU, 1 no activation. `last` follows the last convolution, `tail` the three before it, `body`
        all others.
        """
        super().__init__()
        self.input_dropout = nn.Dropout(dropout)
        self.encode_full = _convolution(channels, 64, body, dropout)
        self.encode_half = nn.Sequential(
            _convolution(64, 64, body, dropout, halve=True, normalize=True),
            _convolution(64, 64, body, dropout),
        )
        self.encode_quarter = nn.Sequential(
            _convolution(64, 64, body, dropout, halve=True, normalize=True),
            _convolution(64, 128, body, dropout),
            _convolution(128, 128, body, dropout, normalize=True),
        )
        self.decode_half = nn.Sequential(
            _convolution(128 + 64, 64, body, dropout),
            _convolution(64, 64, body, dropout, normalize=True),
        )
        self.decode_full = nn.Sequential(
            _convolution(64 + 64, 64, tail, dropout),
            _convolution(64, 64, tail, dropout),
            _convolution(64, 32, tail, dropout),
            _convolution(32, channels, last, 0.0),
        )

    def forward(self, mixture: Tensor) -> Tensor:
        """Target of the `mixture`, both (b, c, f, t), of any f and t from 1 on.

        b batch, c channel, f frequency, t time.
        """
        f, t = mixture.shape[-2:]
        # Without a branch on the sizes, so that an exported graph holds for all of them.
        padded = F.pad(mixture, (0, -t % self.stride, 0, -f % self.stride))
        full = self.encode_full(self.input_dropout(padded))
        half = self.encode_half(full)
        quarter = self.encode_quarter(half)
        half = self.decode_half(_upsample_and_join(quarter, half))
        target = cast(Tensor, self.decode_full(_upsample_and_join(half, full)))
        return target[..., :f, :t]


def _convolution(
    inputs: int,
    outputs: int,
    slope: float,
    dropout: float,
    *,
    halve: bool = False,
    normalize: bool = False,
) -> nn.Sequential:
    """Convolution → activation → dropout (→ batch normalization), as Keras' layers of that name.

    One row of zeros on each side is Keras' 'same' both for 3×3 and, on even sizes, for 4×4 with stride 2.
    """
    kernel, stride = (4, 2) if halve else (3, 1)
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding=1, bias=not normalize)
    nn.init.xavier_uniform_(convolution.weight)
    if convolution.bias is not None:
        nn.init.zeros_(convolution.bias)
    layers: list[nn.Module] = [convolution, LeakyDropout(slope, dropout)]
    if normalize:
        layers.append(nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.01))
    return nn.Sequential(*layers)


def _upsample_and_join(small: Tensor, skip: Tensor) -> Tensor:
    """(b, c, f, t) doubled along frequency and time, then joined with `skip` along the channels."""
    return torch.cat([F.interpolate(small, scale_factor=2.0, mode="nearest"), skip], dim=1)
