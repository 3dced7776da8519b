import pytest
import torch

from acapella.networks.deep_unet import DeepUNet


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return DeepUNet(2).eval()


def test_the_level_of_the_mixture_plays_no_part(network):
    mixture = torch.rand(1, 2, 64, 200) * 3
    with torch.inference_mode():
        loud, quiet = network(mixture), network(mixture * 10 ** (-30 / 20))
    torch.testing.assert_close(quiet * 10 ** (30 / 20), loud, rtol=1e-3, atol=1e-4)


def test_silence_stays_silent(network):
    assert not network(torch.zeros(1, 2, 64, 70)).any()


def test_the_prediction_is_a_part_of_the_mixture(network):
    mixture = torch.rand(1, 2, 70, 90)
    with torch.inference_mode():
        target = network(mixture)
    assert target.shape == mixture.shape
    assert (target >= 0).all()
    assert (target <= mixture).all()


def test_nothing_beyond_its_context_counts(network):
    mixture = torch.rand(1, 2, 64, 1280, requires_grad=True)
    network(mixture)[..., 576:640].sum().backward()
    frames = mixture.grad.abs().sum((0, 1, 2)).nonzero().ravel()
    assert 576 - frames[0] <= DeepUNet.context
    assert frames[-1] - 639 <= DeepUNet.context


def test_blocks_on_the_strides_grid_give_the_values_of_the_whole(network):
    mixture = torch.rand(1, 2, 64, 1280)
    with torch.inference_mode():
        whole, part = network(mixture), network(mixture[..., 192:])
    torch.testing.assert_close(part[..., 384:], whole[..., 576:], rtol=1e-4, atol=1e-5)
