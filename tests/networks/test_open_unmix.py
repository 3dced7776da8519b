"""Open-Unmix on tiny networks."""

import pytest
import torch

from acapella.networks.open_unmix import OpenUnmix


@pytest.mark.parametrize("changes", [{}, {"audio_channels": 1, "layers": 1}, {"bidirectional": False}])
@torch.inference_mode()
def test_gains(changes):
    torch.manual_seed(0)
    network = OpenUnmix(**{"bins": 33, "seen_bins": 20, "hidden": 8, **changes}).eval()
    mixture = torch.rand(2, network.audio_channels, 33, 7)
    gains = network(mixture)
    assert gains.shape == mixture.shape
    assert (gains >= 0).all()
    mixture[:, :, 20:] = 0  # which it does not see
    assert torch.equal(network(mixture), gains)


@torch.inference_mode()
def test_it_looks_ahead_only_where_it_runs_both_ways():
    for bidirectional in (False, True):
        network = OpenUnmix(bins=33, seen_bins=20, hidden=8, bidirectional=bidirectional).eval()
        mixture = torch.rand(1, 2, 33, 9)
        later = mixture.clone()
        later[..., 5:] = 0
        assert torch.equal(network(mixture)[..., :5], network(later)[..., :5]) != bidirectional


def test_all_weights_learn():
    network = OpenUnmix(bins=33, seen_bins=20, hidden=8).train()
    network(torch.rand(2, 2, 33, 7)).square().mean().backward()
    assert [name for name, weight in network.named_parameters() if weight.grad is None or not weight.grad.any()] == []
