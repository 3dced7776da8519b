"""The level of a mixture, so that a network sees quiet and loud songs alike."""

import torch
from torch import Tensor
from torch.nn import functional as F

from acapella.networks.streaming import MovingAverage, Signal

LEVEL_FRAMES = 129  # odd
LEVEL_CONTEXT = LEVEL_FRAMES // 2  # frames on either side that the level of a frame depends on
SILENCE = 1e-5


def level(mixture: Tensor) -> Tensor:
    """Mean amplitude of a (batch, channel, freq, time) `mixture` around each frame, (batch, 1, 1, time)."""
    frames = mixture.abs().mean(dim=(1, 2))[:, None]
    smooth = F.avg_pool1d(frames, LEVEL_FRAMES, 1, LEVEL_CONTEXT, count_include_pad=False)
    return smooth[:, None].clamp(min=SILENCE)


class StreamingLevel(MovingAverage):
    """`level` of a mixture that comes piece by piece: the mean of all around a frame over the share that is valid."""

    def __init__(self, mixture: Signal) -> None:
        super().__init__(Signal(2, 1, mixture.stride, mixture.latency), LEVEL_FRAMES)

    def forward(self, mixture: Tensor, valid: Tensor) -> Tensor:  # type: ignore[override]
        """Level (1, 1, frames, 1) of a `mixture` (1, channels, frames, bins), with `valid` (1, 1, frames, 1)."""
        amplitude = mixture.abs().mean(dim=(1, 3), keepdim=True)
        means = super().forward(torch.cat([amplitude, valid], dim=1))
        return (means[:, :1] / means[:, 1:].clamp(min=1 / LEVEL_FRAMES)).clamp(min=SILENCE)
