import numpy as np
from scipy.special import ndtri

from acapella.analyses.percentile import compute


def test_white_noise_has_the_percentiles_of_the_normal_distribution(rng):
    track = (rng.standard_normal((2, 100, 2000)) * np.array([1, 3])[:, None, None] + 5).astype(np.float32)
    found = compute([np.array_split(track, 4, axis=-1)])
    inner = np.arange(1, 100)
    for channel, deviation in enumerate([1, 3]):
        np.testing.assert_allclose(found.differences[0, channel, 1:100], deviation * ndtri(inner / 100), atol=0.05)
    np.testing.assert_allclose(found.medians, 5, atol=0.02)
    assert found.differences.shape == (1, 2, 101)


def test_each_track_counts_from_its_own_median():
    tracks = [[np.full((1, 4, 4), level, np.float32)] for level in (1.0, 2.0)]
    found = compute(tracks)
    assert not found.differences.any()
    np.testing.assert_allclose(found.medians, [[1], [2]], rtol=1e-4)
