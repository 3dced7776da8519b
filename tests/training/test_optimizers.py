import io
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.nn import Parameter

from acapella.errors import SettingsError
from acapella.training.optimizers import build_optimizer

START = np.array([1.0, -2.0, 0.5])
GRADIENTS = np.array([[0.3, -1e-3, 1e-6], [0.1, 2e-3, 1e-7], [-0.2, 0.0, 3e-7], [0.5, 1e-3, -1e-6]])


def run(name: str, gradients: np.ndarray = GRADIENTS, **params: float) -> np.ndarray:
    """Weights after each step, (step, weight)."""
    weights = Parameter(torch.tensor(START))
    optimizer, scheduler = build_optimizer(name, [weights], SimpleNamespace(**params))
    path = []
    for gradient in gradients:
        weights.grad = torch.tensor(gradient)
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        path.append(weights.detach().numpy().copy())
    return np.array(path)


def keras_adam(learning_rate=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-7, decay=0.0) -> np.ndarray:
    weights, m, v, path = START, 0.0, 0.0, []
    for step, gradient in enumerate(GRADIENTS, start=1):
        rate = learning_rate / (1 + decay * (step - 1)) * np.sqrt(1 - beta_2**step) / (1 - beta_1**step)
        m = beta_1 * m + (1 - beta_1) * gradient
        v = beta_2 * v + (1 - beta_2) * gradient**2
        weights = weights - rate * m / (np.sqrt(v) + epsilon)
        path.append(weights)
    return np.array(path)


def keras_rmsprop(learning_rate=1e-3, rho=0.9, epsilon=1e-7, decay=0.0) -> np.ndarray:
    weights, v, path = START, 0.0, []
    for step, gradient in enumerate(GRADIENTS):
        v = rho * v + (1 - rho) * gradient**2
        weights = weights - learning_rate / (1 + decay * step) * gradient / (np.sqrt(v) + epsilon)
        path.append(weights)
    return np.array(path)


@pytest.mark.parametrize(
    "params",
    [{}, {"learning_rate": 0.1, "beta_1": 0.5, "beta_2": 0.9}, {"epsilon": 1e-2}, {"decay": 0.5}],
)
def test_adam_steps_as_keras(params):
    np.testing.assert_allclose(run("adam", **params), keras_adam(**params), rtol=1e-12)


@pytest.mark.parametrize("params", [{}, {"learning_rate": 0.1, "rho": 0.5}, {"epsilon": 1e-2}, {"decay": 0.5}])
def test_rmsprop_steps_as_keras(params):
    np.testing.assert_allclose(run("rmsprop", **params), keras_rmsprop(**params), rtol=1e-12)


def test_amsgrad_steps_as_keras():
    weights, m, v, highest, path = START, 0.0, np.zeros(3), np.zeros(3), []
    falling = GRADIENTS[[3, 0, 2, 1]]
    for step, gradient in enumerate(falling, start=1):
        m = 0.9 * m + 0.1 * gradient
        v = 0.5 * v + 0.5 * gradient**2
        highest = np.maximum(highest, v)
        rate = 1e-3 * np.sqrt(1 - 0.5**step) / (1 - 0.9**step)
        weights = weights - rate * m / (np.sqrt(highest) + 1e-7)
        path.append(weights)
    np.testing.assert_allclose(run("adam", falling, amsgrad=True, beta_2=0.5), path, rtol=1e-12)


@pytest.mark.parametrize("name", ["adam", "rmsprop"])
def test_clipnorm_shortens_long_gradients_only(name):
    norms = np.linalg.norm(GRADIENTS, axis=1, keepdims=True)
    shortened = GRADIENTS * np.minimum(1, 0.25 / norms)
    np.testing.assert_allclose(run(name, clipnorm=0.25), run(name, shortened), rtol=1e-12)


def test_none_means_the_default():
    params = dict.fromkeys(("learning_rate", "beta_1", "beta_2", "rho", "epsilon", "decay"))
    np.testing.assert_array_equal(run("adam", **params), run("adam"))


@pytest.mark.parametrize("name", ["adam", "rmsprop"])
def test_a_saved_state_goes_on_as_if_never_saved(name):
    whole = run(name, decay=0.5)
    weights = Parameter(torch.tensor(whole[1]))
    first = Parameter(torch.tensor(START))
    old, old_scheduler = build_optimizer(name, [first], SimpleNamespace(decay=0.5))
    for gradient in GRADIENTS[:2]:
        first.grad = torch.tensor(gradient)
        old.step()
        old_scheduler.step()
    file = io.BytesIO()
    torch.save((old.state_dict(), old_scheduler.state_dict()), file)
    file.seek(0)
    optimizer, scheduler = build_optimizer(name, [weights], SimpleNamespace(decay=0.5))
    for part, state in zip((optimizer, scheduler), torch.load(file, weights_only=True), strict=True):
        part.load_state_dict(state)
    for gradient, expected in zip(GRADIENTS[2:], whole[2:], strict=True):
        weights.grad = torch.tensor(gradient)
        optimizer.step()
        scheduler.step()
        np.testing.assert_array_equal(weights.detach().numpy(), expected)


def test_without_decay_there_is_no_scheduler():
    for decay in (None, 0.0):
        _, scheduler = build_optimizer("adam", [Parameter(torch.zeros(1))], SimpleNamespace(decay=decay))
        assert scheduler is None


@pytest.mark.parametrize(
    ("name", "params", "message"),
    [
        ("sgd", {}, "OPTIMIZER='sgd' is not one of: adam, rmsprop."),
        (
            "adam",
            {"rho": 0.9},
            "'rho', which adam does not know; it takes learning_rate, beta_1, beta_2, epsilon, amsgrad, "
            "decay, clipnorm.",
        ),
        (
            "rmsprop",
            {"beta_1": 0.9},
            "'beta_1', which rmsprop does not know; it takes learning_rate, rho, epsilon, decay, clipnorm.",
        ),
        ("adam", {"learning_rate": -1.0}, "OPTIMIZER_PARAMS does not suit adam: Invalid learning rate: -1.0."),
    ],
)
def test_wrong_settings_are_one_sentence(name, params, message):
    with pytest.raises(SettingsError) as caught:
        build_optimizer(name, [Parameter(torch.zeros(1))], SimpleNamespace(**params))
    assert str(caught.value).endswith(message)
