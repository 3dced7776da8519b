import pytest
import torch
from torch.nn import functional as F

from acapella.networks.activation import LeakyDropout


@pytest.fixture
def values(rng):
    return torch.from_numpy(rng.standard_normal((2, 3, 16, 20))).float().to(memory_format=torch.channels_last)


def through(layer, values):
    """Output and the gradient of its sum of squares."""
    leaf = values.clone().requires_grad_()
    output = layer(leaf * 1)  # a layer's output: the leaf itself may not be overwritten
    (output**2).sum().backward()
    return output.detach(), leaf.grad


@pytest.mark.parametrize("slope", [0.0, 0.1, 1.0])
def test_kept_values_are_scaled_and_others_are_nothing(values, slope):
    output, gradient = through(LeakyDropout(slope, 0.25), values)
    active = F.leaky_relu(values, slope)
    kept = (output != 0) | (active == 0)
    torch.testing.assert_close(output, active / 0.75 * kept)
    derivative = torch.where(values > 0, 1.0, slope) / 0.75 * kept
    torch.testing.assert_close(gradient, 2 * output * derivative)
    assert output.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_the_rate_is_met_everywhere(rate):
    torch.manual_seed(0)
    output, _ = through(LeakyDropout(1.0, rate), torch.ones(4, 8, 100, 100))
    dropped = (output == 0).float()
    assert dropped.mean() == pytest.approx(rate, abs=0.005)
    assert dropped.mean(dim=(0, 2, 3)).tolist() == pytest.approx([rate] * 8, abs=0.02)
    neighbours = (dropped[..., 1:] * dropped[..., :-1]).mean()
    assert neighbours == pytest.approx(rate**2, abs=0.005)
    assert output.mean() == pytest.approx(1, abs=0.03)


def test_torchs_seed_decides_what_is_dropped(values):
    outputs = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        outputs.append(through(LeakyDropout(0.1, 0.3), values)[0])
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.equal(outputs[0], outputs[2])


@pytest.mark.parametrize("slope", [0.0, 0.1, 1.0])
def test_without_training_only_the_activation_is_left(values, slope):
    before = values.clone()
    assert torch.equal(LeakyDropout(slope, 0.5).eval()(values), F.leaky_relu(values, slope))
    assert torch.equal(LeakyDropout(slope, 0)(values), F.leaky_relu(values, slope))
    assert torch.equal(values, before)
