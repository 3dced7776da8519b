"""Batch normalization and dropout of a part of a batch as they would be in the whole batch.

Every other layer takes each example on its own; so ranks that have parts of a batch learn what one device would.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch import distributed as dist
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from acapella.networks.activation import keep
from acapella.training.ranks import Rank


@contextmanager
def one_batch(rank: Rank, size: int) -> Iterator[None]:
    """While it lasts, layers act as if they had the whole batch of `size` examples, not only the rank's part of it.

    Not the dropout within `scaled_dot_product_attention`: ranks draw that on their own.
    """
    if rank.count == 1 or size < rank.count:  # all is here
        yield
        return
    with _OneBatch(rank.part(size), size):
        yield


class _OneBatch(TorchFunctionMode):
    """Takes the place of the two functions; examples are the first axis, alone or merged with others as its slowest."""

    def __init__(self, part: slice, size: int) -> None:
        super().__init__()
        self._part = part
        self._size = size

    def __torch_function__(
        self, func: Callable[..., Any], types: Sequence[type], args: Any = (), kwargs: Any = None
    ) -> Any:
        if func is F.batch_norm:
            return self._batch_norm(*args, **(kwargs or {}))
        if func is F.dropout:
            return self._dropout(*args, **(kwargs or {}))
        if func is keep:
            return self._keep(*args)
        return func(*args, **(kwargs or {}))

    def _dropout(self, values: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
        """The rank's part of what is drawn for the whole batch."""
        if not training or p == 0:
            return values
        whole = self._whole(values)
        return values * self._own(F.dropout(whole.fill_(1), p))

    def _keep(self, values: Tensor, rate: float) -> tuple[Tensor, float]:
        """Likewise."""
        kept, scale = keep(self._whole(values), rate)
        return self._own(kept), scale

    def _whole(self, values: Tensor) -> Tensor:
        """A tensor like `values`, those of the whole batch; random numbers are drawn in the order of the memory."""
        shape = (len(values) * self._size // (self._part.stop - self._part.start), *values.shape[1:])
        is_last = values.dim() == 4 and values.is_contiguous(memory_format=torch.channels_last)
        layout = torch.channels_last if is_last else torch.contiguous_format
        return torch.empty(shape, dtype=values.dtype, device=values.device, memory_format=layout)

    def _own(self, whole: Tensor) -> Tensor:
        """The rank's part of something of the whole batch."""
        rows = len(whole) // self._size
        return whole[rows * self._part.start : rows * self._part.stop]

    def _batch_norm(
        self,
        values: Tensor,
        running_mean: Tensor | None,
        running_var: Tensor | None,
        weight: Tensor | None = None,
        bias: Tensor | None = None,
        training: bool = False,
        momentum: float = 0.1,
        eps: float = 1e-5,
    ) -> Tensor:
        """Mean and variance are those of the whole batch.

        Source: S. Ioffe and C. Szegedy, "Batch normalization", 2015, https://arxiv.org/abs/1502.03167; S. Rota Bulò,
        L. Porzi and P. Kontschieder, "In-place activated BatchNorm", 2018, section 3.3, for several devices.
        """
        if not training:
            return F.batch_norm(values, running_mean, running_var, weight, bias, False, momentum, eps)
        others = [axis for axis in range(values.dim()) if axis != 1]
        shape = [-1 if axis == 1 else 1 for axis in range(values.dim())]
        count = values.numel() // values.shape[1] * self._size // (self._part.stop - self._part.start)
        precise = values.to(torch.promote_types(values.dtype, torch.float32))
        mean = _sum(precise.sum(others)) / count
        centred = precise - mean.view(shape)
        variance = _sum(centred.square().sum(others)) / count
        if running_mean is not None and running_var is not None:
            with torch.no_grad():
                running_mean.lerp_(mean.to(running_mean.dtype), momentum)
                running_var.lerp_((variance * (count / (count - 1))).to(running_var.dtype), momentum)
        normal = centred * torch.rsqrt(variance + eps).view(shape)
        scaled = normal if weight is None or bias is None else normal * weight.view(shape) + bias.view(shape)
        normalized: Tensor = scaled.to(values.dtype)
        return normalized


def _sum(values: Tensor) -> Tensor:
    summed: Tensor = _Sum.apply(values)  # type: ignore[no-untyped-call]
    return summed


class _Sum(torch.autograd.Function):
    """The sum over all ranks. Each rank's loss depends on it, so that their gradients are summed as well."""

    @staticmethod
    def forward(context: Any, values: Tensor) -> Tensor:
        """Sum."""
        summed = values.clone()
        dist.all_reduce(summed)
        return summed

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> Tensor:
        """Sum."""
        summed = gradients[0].contiguous().clone()
        dist.all_reduce(summed)
        return summed
