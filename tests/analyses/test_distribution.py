import numpy as np
import pytest

from acapella.analyses.distribution import compute, halves


def test_the_halves_overlap_and_cover_all_frequencies():
    assert halves(769) == [slice(0, 384), slice(192, 576), slice(385, 769)]
    assert halves(8) == [slice(0, 4), slice(2, 6), slice(4, 8)]


def test_uniform_values_fill_all_bins_alike(rng):
    tensor = rng.uniform(-1, 1, (2, 64, 4000)).astype(np.float32)
    found = compute(lambda: np.array_split(tensor, 5, axis=-1), signed=True)
    np.testing.assert_allclose(found.edges[:, [0, -1]], [[-0.98, 0.98]] * 2, atol=0.005)
    shares = found.counts / found.totals[..., None]
    np.testing.assert_allclose(shares, 0.98 / 25, rtol=0.05)
    np.testing.assert_allclose(found.below / found.totals, 0.01, rtol=0.1)
    np.testing.assert_allclose(found.above / found.totals, 0.01, rtol=0.1)
    assert (found.totals == 32 * 4000).all()


def test_the_range_is_that_of_the_lower_half(rng):
    tensor = rng.uniform(0, 1, (1, 64, 1000)).astype(np.float32)
    tensor[:, 32:] *= 3
    found = compute(lambda: [tensor], signed=False)
    assert found.edges[0, 0] == 0
    assert found.edges[0, -1] == pytest.approx(0.99, abs=0.005)
    np.testing.assert_allclose((found.above / found.totals)[0], [0.01, 0.34, 0.67], atol=0.01)
    assert not found.below.any()


def test_silence_is_in_the_first_bin():
    found = compute(lambda: [np.zeros((1, 8, 5), np.float32)], signed=False)
    assert found.counts[0, :, 0].tolist() == [20, 20, 20]
