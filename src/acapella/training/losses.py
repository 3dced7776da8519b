"""What training minimizes, by the names of LOSS, and what else it reports, by those of METRICS.

Each takes prediction and target, tensors of one shape, and returns one number.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

SMALLEST = 1e-7  # Keras' epsilon: the logarithmic loss takes smaller values, negative ones too, for this one


def mean_squared_error(prediction: Tensor, target: Tensor) -> Tensor:
    """Mean of (prediction - target)²."""
    return F.mse_loss(prediction, target)


def mean_absolute_error(prediction: Tensor, target: Tensor) -> Tensor:
    """Mean of |prediction - target|."""
    return F.l1_loss(prediction, target)


def mean_squared_log_error(prediction: Tensor, target: Tensor) -> Tensor:
    """Mean of (log(1 + prediction) - log(1 + target))², both at least `SMALLEST`."""
    return F.mse_loss(_log(prediction), _log(target))


def _log(values: Tensor) -> Tensor:
    return torch.log1p(values.clamp(min=SMALLEST))


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mean_squared_error": mean_squared_error,
    "mean_absolute_error": mean_absolute_error,
    "mean_squared_log_error": mean_squared_log_error,
}


def mean_pred(prediction: Tensor, _: Tensor) -> Tensor:
    """Mean of the prediction; 0 shows a network that has died, which the loss alone does not."""
    return prediction.mean()


def max_pred(prediction: Tensor, _: Tensor) -> Tensor:
    """Largest value of the prediction."""
    return prediction.max()


METRICS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mean_pred": mean_pred,
    "max_pred": max_pred,
}
