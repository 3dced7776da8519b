import pytest
import torch

from acapella.errors import SettingsError
from acapella.networks.tfc_tdf import TFCTDF

BINS = 64


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


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
