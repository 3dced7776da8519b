"""What is wrong with a loss, the rest of a sentence each."""

from collections.abc import Iterator

import torch
from torch import Tensor

from acapella.conversion.own_model import reason
from acapella.training.losses import Loss


def loss_faults(loss: Loss, shape: tuple[int, ...]) -> Iterator[str]:
    """Try `loss` with tensors of a `shape` (items, channels, …), silent ones among them."""
    if not callable(loss):
        yield "it is no function"
        return
    noise = torch.Generator().manual_seed(0)
    target, other = torch.randn(shape, generator=noise), torch.randn(shape, generator=noise)
    silence = torch.zeros(shape)
    first = next(_faults_of(loss, other, target, "noise"), None)
    if first:
        yield first
        return
    for prediction, wanted, what in (
        (target, target, "a perfect prediction"),
        (other, silence, "a silent target, as in pieces without vocals"),
        (silence, target, "a silent prediction"),
        (silence, silence, "silence, predicted as such"),
    ):
        yield from _faults_of(loss, prediction, wanted, what)
    if loss(target + 0.1 * other, target) >= loss(target + other, target):
        yield "it is no lower for the better of two predictions, and training minimizes it"


def _faults_of(loss: Loss, prediction: Tensor, target: Tensor, what: str) -> Iterator[str]:
    """What is wrong with the value for one pair, or its gradient."""
    prediction = prediction.clone().requires_grad_()
    try:
        value = loss(prediction, target)
    except Exception as error:  # noqa: BLE001  whatever it is, it is to be told
        yield f"called with prediction and target of the shape {tuple(target.shape)} it fails: {reason(error)}"
        return
    if not isinstance(value, Tensor) or value.numel() != 1 or not value.is_floating_point():
        shown = f"a tensor {tuple(value.shape)} of {value.dtype}" if isinstance(value, Tensor) else type(value).__name__
        yield f"it must return a tensor of one floating-point number, not {shown}"
    elif not value.isfinite().all():
        yield f"it is {value.item():g} for {what}"
    elif not value.requires_grad:
        yield "it is not differentiable: no gradient leads back to the prediction (detach, item, a comparison?)"
    else:
        value.sum().backward()  # type: ignore[no-untyped-call]
        if prediction.grad is None:
            yield "it does not depend on the prediction"
        elif not prediction.grad.isfinite().all():
            yield f"its gradient is no number for {what}"
