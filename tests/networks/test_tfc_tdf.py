import pytest
import torch

from acapella.errors import SettingsError
from acapella.networks.tfc_tdf import TFCTDF

BINS = 64
KINDS = [(1, False), (2, False), (2, True), (4, True)]


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.mark.parametrize(("channels", "signed"), KINDS)
@pytest.mark.parametrize("time", [1, 16, 37])
def test_any_time_comes_back_as_it_went_in(channels, signed, time):
    mixture = torch.rand(2, channels, BINS, time)
    assert TFCTDF(channels, BINS, signed=signed).eval()(mixture).shape == mixture.shape


def test_full_slices_without_the_highest_bin_are_taken():
    network = TFCTDF(1, BINS, signed=False).eval()
    assert network(torch.rand(1, 1, BINS - 1, 20)).shape == (1, 1, BINS - 1, 20)


def test_other_frequencies_are_an_error_that_says_what_to_set():
    with pytest.raises(SettingsError, match="all 64 frequencies, not of 32: set BATCH_GENERATOR=remix"):
        TFCTDF(1, BINS, signed=False)(torch.rand(1, 1, 32, 20))


def test_of_amplitudes_the_prediction_is_a_part():
    mixture = torch.rand(1, 2, BINS, 50)
    target = TFCTDF(2, BINS, signed=False)(mixture)
    assert (target >= 0).all()
    assert (target <= mixture).all()


def test_of_complex_numbers_the_mask_is_complex_and_bounded():
    network = TFCTDF(2, BINS, signed=True).eval()
    mixture = torch.randn(1, 2, BINS, 50)
    target = network(mixture)
    mask = torch.complex(target[:, 0], target[:, 1]) / torch.complex(mixture[:, 0], mixture[:, 1])
    assert mask.real.abs().max() <= 1 + 1e-3
    assert mask.imag.abs().max() <= 1 + 1e-3
    assert mask.imag.abs().mean() > 1e-3


def test_the_level_plays_no_part():
    network = TFCTDF(2, BINS, signed=True).eval()
    mixture = torch.randn(1, 2, BINS, 80)
    with torch.inference_mode():
        torch.testing.assert_close(network(mixture * 0.01) * 100, network(mixture), rtol=1e-2, atol=1e-2)


def test_nothing_beyond_its_context_counts():
    network = TFCTDF(1, BINS, signed=False).eval()
    mixture = torch.rand(1, 1, BINS, 640, requires_grad=True)
    network(mixture)[..., 320:336].sum().backward()
    frames = mixture.grad.abs().sum((0, 1, 2)).nonzero().ravel()
    assert 320 - frames[0] <= TFCTDF.context
    assert frames[-1] - 335 <= TFCTDF.context


def test_blocks_on_the_strides_grid_give_the_values_of_the_whole():
    network = TFCTDF(2, BINS, signed=True).eval()
    mixture = torch.randn(1, 2, BINS, 640)
    with torch.inference_mode():
        whole, part = network(mixture), network(mixture[..., 160:])
    torch.testing.assert_close(part[..., 176:], whole[..., 336:], rtol=1e-3, atol=1e-4)
