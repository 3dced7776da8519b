import numpy as np
import pytest
import torch

from acapella.training.losses import LOSSES, METRICS

PREDICTION = np.array([[0.5, -2.0, 0.0], [3.0, 1e-9, 0.25]])
TARGET = np.array([[0.0, 1.0, -1.0], [1.0, 2.0, 0.25]])


def value(table: dict, name: str) -> float:
    return float(table[name](torch.tensor(PREDICTION), torch.tensor(TARGET)))


def test_losses_by_hand():
    assert list(LOSSES) == ["mean_squared_error", "mean_absolute_error", "mean_squared_log_error"]
    assert value(LOSSES, "mean_squared_error") == pytest.approx((0.25 + 9 + 1 + 4 + 4 + 0) / 6)
    assert value(LOSSES, "mean_absolute_error") == pytest.approx((0.5 + 3 + 1 + 2 + 2 + 0) / 6)


def test_logarithmic_loss_by_hand():
    logs = [np.log(np.maximum(side, 1e-7) + 1) for side in (PREDICTION, TARGET)]
    assert value(LOSSES, "mean_squared_log_error") == pytest.approx(np.mean((logs[0] - logs[1]) ** 2))


def test_logarithmic_loss_takes_negative_values_for_nothing():
    loss = LOSSES["mean_squared_log_error"]
    assert loss(torch.tensor([-5.0, 0.0]), torch.tensor([0.0, -0.5])) == 0


@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_zero_for_a_perfect_prediction_and_have_gradients_elsewhere(name):
    target = torch.rand(2, 1, 4, 5)
    assert LOSSES[name](target, target) == 0
    prediction = (target + 0.1).requires_grad_()
    LOSSES[name](prediction, target).backward()
    assert (prediction.grad > 0).all()


def test_metrics_look_at_the_prediction():
    assert list(METRICS) == ["mean_pred", "max_pred"]
    assert value(METRICS, "mean_pred") == pytest.approx(PREDICTION.mean())
    assert value(METRICS, "max_pred") == 3.0
