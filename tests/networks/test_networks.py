import math
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from acapella.errors import SettingsError
from acapella.networks import build_network
from acapella.networks.activation import LeakyDropout
from acapella.networks.unet import UNet

PARAMS = SimpleNamespace(alpha1=0.1, alpha2=0.01, rate=0.5)


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def layers(network: nn.Module, kind: type) -> list:
    return [module for module in network.modules() if isinstance(module, kind)]


def test_an_unknown_name_is_an_error_that_lists_the_names():
    with pytest.raises(SettingsError, match="MODEL='resnet' is not one of: acapellabot, leaky_dropout"):
        build_network("resnet", 1, 64, PARAMS, signed=False)


def test_padding_is_zeros_at_the_ends_up_to_a_multiple_of_four():
    network = build_network("leaky_dropout", 1, 64, PARAMS, signed=False).eval()
    mixture = torch.rand(1, 1, 13, 10)
    padded = torch.zeros(1, 1, 16, 12)
    padded[..., :13, :10] = mixture
    torch.testing.assert_close(network(mixture), network(padded)[..., :13, :10])


@pytest.mark.parametrize("channels", [1, 2])
def test_activations_of_leaky_dropout(channels):
    network = build_network("leaky_dropout", channels, 64, PARAMS, signed=channels > 1)
    slopes = [layer.slope for layer in layers(network, LeakyDropout)]
    assert slopes == [0.1] * 8 + [0.01] * 3 + [0.01 if channels == 1 else 1]


def test_acapellabot_is_relu_to_the_end_and_ignores_parameters():
    network = build_network("acapellabot", 2, 64, SimpleNamespace(), signed=True)
    assert [(layer.slope, layer.rate) for layer in layers(network, LeakyDropout)] == [(0, 0)] * 12
    assert network.eval()(torch.randn(1, 2, 8, 8)).min() >= 0


def test_dropout_acts_on_the_input_and_after_all_activations_but_the_last():
    network = build_network("leaky_dropout", 1, 64, PARAMS, signed=False)
    assert network.input_dropout.p == 0.5
    assert [layer.rate for layer in layers(network, LeakyDropout)] == [0.5] * 11 + [0]
    mixture = torch.rand(1, 1, 8, 8)
    assert not torch.equal(network(mixture), network(mixture))
    network.eval()
    assert torch.equal(network(mixture), network(mixture))


def test_convolutions_start_glorot_uniform_and_the_normalized_ones_lack_a_bias():
    convolutions = layers(build_network("acapellabot", 1, 64, PARAMS, signed=False), nn.Conv2d)
    assert [layer.bias is None for layer in convolutions] == [index in (1, 3, 5, 7) for index in range(12)]
    for layer in convolutions:
        outputs, inputs, height, width = layer.weight.shape
        limit = math.sqrt(6 / (height * width * (inputs + outputs)))
        assert 0.9 * limit < layer.weight.abs().max() <= limit
        assert layer.weight.std().item() == pytest.approx(limit / math.sqrt(3), rel=0.1)
        assert layer.bias is None or not layer.bias.any()


def test_normalization_has_the_numbers_of_keras():
    normalizations = layers(build_network("acapellabot", 1, 64, PARAMS, signed=False), nn.BatchNorm2d)
    assert [(layer.num_features, layer.eps, layer.momentum) for layer in normalizations] == [
        (features, 1e-3, 0.01) for features in (64, 64, 128, 64)
    ]


def test_channels_last_goes_all_the_way():
    network = build_network("acapellabot", 2, 64, PARAMS, signed=True).to(memory_format=torch.channels_last)
    seen = []
    for layer in layers(network, nn.Conv2d):
        layer.register_forward_hook(lambda _layer, _inputs, output: seen.append(output))
    network(torch.rand(2, 2, 8, 8).to(memory_format=torch.channels_last))
    assert len(seen) == 12
    assert all(output.is_contiguous(memory_format=torch.channels_last) for output in seen)


def frames_that_influence(output_frame: int) -> tuple[int, int]:
    """First and last input frame with a gradient; with positive weights no influence can cancel out."""
    network = build_network(
        "leaky_dropout", 1, 64, SimpleNamespace(alpha1=0.5, alpha2=0.5, rate=0.0), signed=False
    ).eval()
    for layer in layers(network, nn.Conv2d):
        layer.weight.data.abs_()
    mixture = torch.rand(1, 1, 4, 80, requires_grad=True)
    network(mixture)[..., output_frame].sum().backward()
    frames = mixture.grad.sum(dim=(0, 1, 2)).nonzero()
    return int(frames.min()), int(frames.max())


def test_context_is_how_far_the_furthest_influence_comes_from():
    spans = {frame: frames_that_influence(frame) for frame in range(40, 40 + UNet.stride)}
    assert max(frame - first for frame, (first, _) in spans.items()) == UNet.context
    assert max(last - frame for frame, (_, last) in spans.items()) == UNet.context
    assert (min(first for first, _ in spans.values()), max(last for _, last in spans.values())) == (
        40 - (UNet.context - 3),
        43 + (UNet.context - 3),
    )
