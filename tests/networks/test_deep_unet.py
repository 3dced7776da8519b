import pytest
import torch

from acapella.networks.deep_unet import DeepUNet


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return DeepUNet(2).eval()


def test_silence_stays_silent(network):
    assert not network(torch.zeros(1, 2, 64, 70)).any()


def test_the_prediction_is_a_part_of_the_mixture(network):
    mixture = torch.rand(1, 2, 70, 90)
    with torch.inference_mode():
        target = network(mixture)
    assert target.shape == mixture.shape
    assert (target >= 0).all()
    assert (target <= mixture).all()
