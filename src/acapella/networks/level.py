"""The level of a mixture, so that a network sees quiet and loud songs alike."""

from torch import Tensor
from torch.nn import functional as F

LEVEL_FRAMES = 129  # odd
SILENCE = 1e-5


def level(mixture: Tensor) -> Tensor:
    """Mean amplitude of a (batch, channel, freq, time) `mixture` around each frame, (batch, 1, 1, time)."""
    frames = mixture.abs().mean(dim=(1, 2))[:, None]
    smooth = F.avg_pool1d(frames, LEVEL_FRAMES, 1, LEVEL_FRAMES // 2, count_include_pad=False)
    return smooth[:, None].clamp(min=SILENCE)
