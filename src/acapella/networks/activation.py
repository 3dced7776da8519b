"""What follows a convolution: an activation and dropout, in one step and in place.

These layers move much memory and compute little. On a CPU PyTorch's own dropout draws its random numbers one by one,
which takes as long as a convolution; here they come 16 bits at a time from a fast generator.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import handle_torch_function, has_torch_function_unary

LEVELS = 1 << 16  # dropout rates are multiples of one in so many


class LeakyDropout(nn.Module):
    """LeakyReLU with `slope` below zero (0: ReLU, 1: no activation), then dropout of a share `rate` of the values.

    The dropout is that of N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting",
    JMLR 15, 2014, with the kept values divided by `1 - rate`. In training on a CPU the input is overwritten: it must
    be a layer's output that nothing else needs.
    """

    def __init__(self, slope: float, rate: float) -> None:
        super().__init__()
        self.slope = slope
        self.rate = rate

    def forward(self, values: Tensor) -> Tensor:
        """Values of any shape."""
        if self.training and self.rate and values.is_cpu and values.requires_grad:
            result: Tensor = _InPlace.apply(values, self.slope, self.rate)  # type: ignore[no-untyped-call]
            return result
        return F.dropout(self._activate(values), self.rate, self.training)

    def _activate(self, values: Tensor) -> Tensor:
        if self.slope == 1:
            return values
        return F.relu(values) if self.slope == 0 else F.leaky_relu(values, self.slope)

    def extra_repr(self) -> str:
        """Shown where the network is printed."""
        return f"slope={self.slope}, rate={self.rate}"


class _InPlace(torch.autograd.Function):
    """Both at once; the backward pass needs the output and which values were kept, nothing else.

    A dropped value is 0, of which the sign is lost, but then its gradient is 0 whatever it was.
    """

    @staticmethod
    def forward(context: Any, values: Tensor, slope: float, rate: float) -> Tensor:
        kept, scale = keep(values, rate)
        output = F.leaky_relu_(values, slope).mul_(kept).mul_(scale)
        context.mark_dirty(output)
        context.save_for_backward(output, kept)
        context.slope, context.scale = slope, scale
        return output

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        output, kept = context.saved_tensors
        active = torch.ops.aten.leaky_relu_backward(gradient, output, context.slope, True)
        return active.mul_(kept).mul_(context.scale), None, None


def keep(values: Tensor, rate: float) -> tuple[Tensor, float]:
    """Which of dense `values` dropout keeps, a mask laid out like them, and what keeps their mean.

    torch's generator decides the seed. A `TorchFunctionMode` may take its place, as that of torch's own dropout.
    """
    if has_torch_function_unary(values):
        taken: tuple[Tensor, float] = handle_torch_function(keep, (values,), values, rate)
        return taken
    dropped = min(round(rate * LEVELS), LEVELS - 1)
    generator = np.random.SFC64(int(torch.randint(2**62, ())))
    bits = torch.from_numpy(generator.random_raw(-(-values.numel() // 4))).view(torch.int16)
    kept = bits.as_strided(values.shape, values.stride()) >= dropped - LEVELS // 2
    return kept, LEVELS / (LEVELS - dropped)
