"""Optimizers, by the name that OPTIMIZER gives them, with the parameters and defaults of Keras 2."""

import inspect
import math
from collections.abc import Callable, Iterable

from torch.nn import Parameter
from torch.optim import Adam, Optimizer, RMSprop
from torch.optim.lr_scheduler import LambdaLR

from acapella.errors import SettingsError
from acapella.registry import choose

PARAMETERS = ("learning_rate", "beta_1", "beta_2", "rho", "epsilon", "amsgrad", "decay", "clipnorm")


def adam(
    parameters: Iterable[Parameter],
    learning_rate: float = 1e-3,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    amsgrad: bool = False,
) -> Optimizer:
    """Adam with Keras' defaults, and epsilon where Keras (and the end of the paper's section 2) puts it.

    With m and v the running means of the gradient and of its square, step t, from 1, subtracts

        lr · √(1 - beta_2ᵗ) / (1 - beta_1ᵗ) · m / (√v + epsilon)

    PyTorch adds epsilon to √(v / (1 - beta_2ᵗ)) instead, which is 30 times as large in the first step: there
    epsilon holds back small gradients 30 times less.

    With `amsgrad`, the largest v so far takes the place of v (Reddi, Kale and Kumar, "On the convergence of Adam and
    beyond", 2018, https://arxiv.org/abs/1904.09237).

    Paper: Kingma and Ba, "Adam: a method for stochastic optimization", 2015, https://arxiv.org/abs/1412.6980
    """
    optimizer = Adam(parameters, lr=learning_rate, betas=(beta_1, beta_2), eps=epsilon, amsgrad=amsgrad)
    for group in optimizer.param_groups:  # these two are saved and restored with the optimizer's state
        group["epsilon"] = epsilon
        group["iterations"] = 0
    optimizer.register_step_pre_hook(_place_epsilon)
    return optimizer


def _place_epsilon(optimizer: Optimizer, *_: object) -> None:
    """Set PyTorch's epsilon for the coming step so that the step is Keras'."""
    for group in optimizer.param_groups:
        group["iterations"] += 1
        group["eps"] = group["epsilon"] / math.sqrt(1 - group["betas"][1] ** group["iterations"])


def rmsprop(
    parameters: Iterable[Parameter], learning_rate: float = 1e-3, rho: float = 0.9, epsilon: float = 1e-7
) -> Optimizer:
    """RMSprop, which PyTorch computes as Keras 2 does, with Keras' defaults.

    Source: Hinton, "Neural Networks for Machine Learning", lecture 6e, 2012.
    """
    return RMSprop(parameters, lr=learning_rate, alpha=rho, eps=epsilon)


def _clip_gradients(optimizer: Optimizer, most: float) -> None:
    """Shorten the gradient of each tensor of weights, on its own, to the norm `most`, as Keras does."""
    for parameter in (parameter for group in optimizer.param_groups for parameter in group["params"]):
        if parameter.grad is not None:
            parameter.grad.mul_((most / parameter.grad.norm()).clamp(max=1))


OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {
    "adam": adam,
    "rmsprop": rmsprop,
}


def build_optimizer(name: str, parameters: Iterable[Parameter], params: object) -> tuple[Optimizer, LambdaLR | None]:
    """The optimizer, and with a decay its scheduler, whose `step` belongs after each batch.

    `params` has any of the attributes `PARAMETERS`; one that is None or missing takes Keras' default.
    Iteration i, from 0, runs with lr / (1 + decay · i).
    """
    make = choose(OPTIMIZERS, name, "OPTIMIZER")
    given = {key: value for key in PARAMETERS if (value := getattr(params, key, None)) is not None}
    decay, clipnorm = given.pop("decay", 0.0), given.pop("clipnorm", None)
    known = [key for key in PARAMETERS if key in inspect.signature(make).parameters]
    for key in given:
        if key not in known:
            takes = ", ".join([*known, "decay", "clipnorm"])
            raise SettingsError(f"OPTIMIZER_PARAMS has {key!r}, which {name} does not know; it takes {takes}.")
    try:
        optimizer = make(parameters, **given)
    except ValueError as error:
        raise SettingsError(f"OPTIMIZER_PARAMS does not suit {name}: {error}.") from error
    if clipnorm is not None:
        optimizer.register_step_pre_hook(lambda chosen, *_: _clip_gradients(chosen, clipnorm))
    return optimizer, LambdaLR(optimizer, lambda step: 1 / (1 + decay * step)) if decay else None
