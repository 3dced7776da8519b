import math

import numpy as np
import pytest
import torch

from acapella.training.losses import LOSSES, METRICS, RESOLUTIONS, WAVEFORM_LOSSES

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


def test_the_loss_of_waveforms_is_that_of_their_samples():
    assert value(WAVEFORM_LOSSES, "waveform_l1") == value(LOSSES, "mean_absolute_error")


def test_the_multi_resolution_loss_of_noise_by_hand():
    """Of white noise of deviation 1 a windowed, orthonormal STFT has E|X| = √(3/8 π/4); at the ends a bit less."""
    loss = WAVEFORM_LOSSES["multi_resolution_stft"]
    noise = torch.randn(2, 4, 1 << 17, generator=torch.Generator().manual_seed(0))
    expected = math.sqrt(2 / math.pi) + len(RESOLUTIONS) * math.sqrt(3 / 8 * math.pi / 4)
    assert float(loss(noise, torch.zeros_like(noise))) == pytest.approx(expected, rel=0.02)
    assert loss(noise, noise) == 0


def test_windows_longer_than_the_waveforms_are_left_out():
    loss, ones = WAVEFORM_LOSSES["multi_resolution_stft"], torch.ones(1, 1, 255)
    assert loss(ones, 0 * ones) == 1
    assert loss(torch.ones(1, 1, 256), torch.zeros(1, 1, 256)) > 1


def test_the_multi_resolution_loss_has_gradients_at_silence():
    prediction = torch.zeros(1, 1, 600, requires_grad=True)
    WAVEFORM_LOSSES["multi_resolution_stft"](prediction, torch.ones(1, 1, 600)).backward()
    assert prediction.grad.isfinite().all()
    assert prediction.grad.sum() < 0


def test_metrics_look_at_the_prediction():
    assert list(METRICS) == ["mean_pred", "max_pred"]
    assert value(METRICS, "mean_pred") == pytest.approx(PREDICTION.mean())
    assert value(METRICS, "max_pred") == 3.0
