import numpy as np
import pytest

from acapella.analyses.quantiles import Quantiles

PERCENTS = np.arange(101)


@pytest.mark.parametrize("scale", [1e-3, 1, 300])
def test_percentiles_are_numpys(rng, scale):
    values = np.stack([rng.standard_normal(100_001), rng.uniform(0, 1, 100_001)]).astype(np.float32) * scale
    quantiles = Quantiles(2)
    for piece in np.array_split(values, 7, axis=-1):
        quantiles.push(piece)
    wanted = np.percentile(values, PERCENTS, axis=-1).T
    np.testing.assert_allclose(quantiles.percentiles(PERCENTS), wanted, rtol=2e-4, atol=2e-4 * scale)


def test_the_smallest_and_the_largest_are_exact(rng):
    values = rng.standard_normal((1, 1000)).astype(np.float32)
    quantiles = Quantiles(1)
    quantiles.push(values)
    assert quantiles.percentiles(np.array([0, 100])).tolist() == [[values.min(), values.max()]]


def test_silence_is_zero():
    quantiles = Quantiles(1)
    quantiles.push(np.zeros((1, 10, 5), np.float32))
    assert not quantiles.percentiles(PERCENTS).any()


def test_values_beyond_the_range_count_at_its_end():
    quantiles = Quantiles(1)
    quantiles.push(np.float32([[-1e9, 0, 1e9]]))
    np.testing.assert_allclose(quantiles.percentiles(np.array([0, 50, 99, 100])), [[-1e9, 0, 1e6, 1e9]], rtol=1e-3)
