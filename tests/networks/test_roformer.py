import math

import pytest
import torch
from torch.nn import functional as F

from acapella.networks.bands import BandSplit, MaskEstimator
from acapella.networks.bs_roformer import WIDTHS, bs_roformer
from acapella.networks.fusible import GELU, RMSNorm
from acapella.networks.mel_band_roformer import mel_band_roformer, mel_bands
from acapella.networks.roformer import Sizes
from acapella.networks.transformer import RotaryEmbedding, Transformer, rotate

SMALL = Sizes(features=8, depth=2, heads=2, head_features=4, mask_hidden=16)


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def small(**changes):
    """Mel-Band RoFormer for spectra of 4 channels and 33 bins."""
    sizes = Sizes(**{**vars(SMALL), **changes})
    return mel_band_roformer(bins=33, bands=6, sample_rate=8000, sources=2, sizes=sizes).eval()


@pytest.mark.parametrize("time", [1, 7, 20])
@pytest.mark.parametrize("changes", [{}, {"covariance_depth": 1}, {"skip_connection": True}, {"final_norm": True}])
def test_masks_of_all_sources_for_any_time(time, changes):
    masks = small(**changes)(torch.randn(2, 4, 33, time))
    assert masks.shape == (2, 8, 33, time)
    assert masks.isfinite().all()


def test_the_level_of_the_mixture_plays_no_part_and_silence_is_no_trouble():
    network, mixture = small(), torch.randn(1, 4, 33, 9)
    torch.testing.assert_close(network(mixture), network(mixture * 1e-3), rtol=1e-4, atol=1e-5)
    assert network(torch.zeros(1, 4, 33, 9)).isfinite().all()


def test_the_mask_is_zero_in_the_silent_bins_only():
    masks = small(silent_bins=2)(torch.randn(1, 4, 33, 9))
    assert not masks[:, :, :2].any()
    assert masks[:, :, 2:].all()


def test_the_skip_connection_adds_what_earlier_blocks_gave():
    network = small(skip_connection=True, depth=3)
    mixture = torch.randn(1, 4, 33, 5)
    values = network.split(mixture)
    tables = network.time_rotation.table(5), network.bands_rotation.table(6)
    first = network.blocks[0](values, *tables, None)
    second = network.blocks[1](first + first, *tables, None)
    third = network.blocks[2](second + first + second, *tables, None)
    torch.testing.assert_close(network(mixture), torch.cat([mask(third) for mask in network.masks], dim=1))


@pytest.mark.parametrize(("bins", "bands", "sample_rate"), [(1025, 60, 44100), (1025, 32, 24000), (33, 6, 8000)])
def test_mel_bands_overlap_by_half_and_leave_nothing_out(bins, bands, sample_rate):
    found = mel_bands(sample_rate, bins, bands)
    counts = torch.bincount(torch.tensor([each for band in found for each in band]), minlength=bins)
    assert len(found) == bands
    assert counts.min() >= 1
    assert counts.max() == 2
    assert all(band == list(range(band[0], band[-1] + 1)) for band in found)


def test_bands_of_bs_roformer_are_those_of_the_paper():
    assert (len(WIDTHS), sum(WIDTHS)) == (62, 1025)
    network = bs_roformer(widths=(2, 2, 5), sizes=SMALL)
    assert network(torch.randn(1, 4, 9, 6)).shape == (1, 4, 9, 6)


def test_a_band_sees_only_its_bins_and_is_normalized_on_its_own():
    split = BandSplit([[0, 1], [1, 2, 3]], 2, 5)
    spectrum = torch.randn(1, 2, 4, 3)
    features = split(spectrum)
    assert features.shape == (1, 2, 3, 5)
    band = spectrum[0, :, 1:4].permute(2, 1, 0).flatten(1)  # (time, bins and channels)
    expected = split.layers[1](F.rms_norm(band, (6,)))
    torch.testing.assert_close(features[0, 1], expected)


def test_where_bands_overlap_the_mask_is_their_mean():
    estimator = MaskEstimator([[0, 1], [1, 2]], 1, features=3, hidden=4, layers=2)
    values = torch.randn(1, 2, 5, 3)
    mask = estimator(values)[0, 0]
    low, high = (F.glu(network(values[0, band])).T for band, network in enumerate(estimator.networks))
    torch.testing.assert_close(mask, torch.stack([low[0], (low[1] + high[0]) / 2, high[1]]))


def test_rotated_products_depend_on_the_distance_only():
    cosines, sines = RotaryEmbedding(8).table(20)
    query, key = torch.randn(8), torch.randn(8)

    def product(at, other):
        return rotate(query, (cosines[at], sines[at])) @ rotate(key, (cosines[other], sines[other]))

    torch.testing.assert_close(product(3, 7), product(12, 16))
    torch.testing.assert_close(product(5, 5), query @ key)
    assert not math.isclose(product(3, 7), product(3, 8), rel_tol=1e-3)


@pytest.mark.parametrize("covariance", [False, True])
def test_sequences_know_nothing_of_each_other(covariance, monkeypatch):
    transformer = Transformer(8, depth=2, heads=2, head_features=4, covariance=covariance).eval()
    values, table = torch.randn(5, 7, 8), RotaryEmbedding(4).table(7)
    together = transformer(values, table)
    monkeypatch.setattr("acapella.networks.transformer.LARGEST", 1)
    torch.testing.assert_close(transformer(values, table), together)
    torch.testing.assert_close(transformer(values[2:3], table), together[2:3])


def test_norms_and_activations_are_the_known_ones():
    values = torch.randn(3, 6)
    torch.testing.assert_close(RMSNorm(6)(values), F.rms_norm(values, (6,)))
    assert not RMSNorm(6)(torch.zeros(2, 6)).any()
    torch.testing.assert_close(GELU()(values), F.gelu(values))


def test_it_learns():
    network = small(dropout=0.1).train()
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    mixture = torch.randn(2, 4, 33, 8)
    wanted = torch.zeros(2, 8, 33, 8)
    wanted[:, ::2] = 0.5
    losses = []
    for _ in range(30):
        loss = F.l1_loss(network(mixture), wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2
