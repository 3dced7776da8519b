import pytest
import torch
from torch.nn import functional as F

from acapella.errors import SettingsError
from acapella.networks.mdx23c import MDX23C

SMALL = {"bins": 32, "subbands": 2, "width": 4, "growth": 2, "depth": 2, "blocks": 1}


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("changes", [{}, {"norm": "BatchNorm"}, {"norm": "GroupNorm2", "activation": "elu1.0"}])
@pytest.mark.parametrize("time", [8, 16, 17])
@pytest.mark.parametrize("channels", [2, 4])
def test_spectra_of_all_sources_for_any_time(changes, time, channels):
    network = MDX23C(channels=channels, sources=3, **SMALL, **changes).eval()
    assert network(torch.randn(2, channels, 32, time)).shape == (2, 3 * channels, 32, time)


def test_padding_is_zeros_behind_the_end():
    network, mixture = MDX23C(**SMALL).eval(), torch.randn(1, 4, 32, 13)
    torch.testing.assert_close(network(mixture), network(F.pad(mixture, (0, 3)))[..., :13])


def test_subbands_are_neighbouring_bins():
    """The first layer alone, with weights that pick one subband of one channel, finds those bins."""
    network, mixture = MDX23C(**SMALL).eval(), torch.randn(1, 4, 32, 8)
    seen = []
    network.first.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    network(mixture)
    torch.testing.assert_close(seen[0][0, 3], mixture[0, 1, 16:].T)  # channel 1, second subband


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"norm": "LayerNorm"}, "norm='LayerNorm'"),
        ({"norm": "GroupNorm3"}, "norm='GroupNorm3'"),
        ({"activation": "swish"}, "activation='swish'"),
        ({"bins": 30}, "30 bins"),
    ],
)
def test_what_does_not_go_is_refused(changes, message):
    with pytest.raises(SettingsError, match=message):
        MDX23C(**{**SMALL, **changes})


def test_it_learns():
    network = MDX23C(sources=1, **SMALL)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    mixture = torch.randn(2, 4, 32, 8)
    losses = []
    for _ in range(60):
        loss = F.l1_loss(network(mixture), mixture / 2)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] * 0.7
