"""Operations in the order in which runtimes recognise them as one, which is several times as fast on a CPU.

PyTorch's exporter writes some of its own functions in orders that ONNX Runtime does not know.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

TINY = 1e-24  # of a mean square, where silence is divided by it


class GELU(nn.Module):
    """Gaussian error linear unit (D. Hendrycks and K. Gimpel, arXiv:1606.08415, 2016)."""

    def forward(self, values: Tensor) -> Tensor:
        """Any shape, to the same."""
        if torch.compiler.is_exporting():
            return values * (1 + torch.erf(values / 2**0.5)) * 0.5
        return F.gelu(values)


class RMSNorm(nn.Module):
    """Scales the last axis to a root mean square of one, and each feature by a weight that is learnt.

    Source: B. Zhang and R. Sennrich, "Root mean square layer normalization", NeurIPS 2019.
    """

    tiny: Tensor

    def __init__(self, features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(features))
        # A tensor of one dimension: the exporter would leave out the sum with so small a number.
        self.register_buffer("tiny", torch.full((1,), TINY), persistent=False)

    def forward(self, values: Tensor) -> Tensor:
        """Any shape that ends with the features, to the same; silence stays silent."""
        return values / torch.sqrt(values.pow(2).mean(-1, keepdim=True) + self.tiny) * self.weight


def gated_convolution(
    values: Tensor, weight: Tensor, bias: Tensor | None, padding: int | tuple[int, ...] | str = 0
) -> Tensor:
    """A convolution of (b c s) or (b c f t), and a gated linear unit.

    Exported, these are two convolutions: the sigmoid becomes a part of the second, and nothing is split, which runtimes
    do by copying.
    """
    convolve: Callable[..., Tensor] = F.conv1d if values.dim() == 3 else F.conv2d
    if not torch.compiler.is_exporting():
        return F.glu(convolve(values, weight, bias, padding=padding), dim=1)
    biases = (None, None) if bias is None else bias.chunk(2)
    value, gate = (
        convolve(values, part, offset, padding=padding) for part, offset in zip(weight.chunk(2), biases, strict=True)
    )
    return value * gate.sigmoid()
