from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acapella.dsp.normalizers import IDENTITY, Dummy, Percentile


def channels_first(array: np.ndarray) -> np.ndarray:
    return array.transpose(2, 0, 1)


def assert_percentile_is_the_originals(file: Path, representation: str, percentile: int, every: int = 1) -> None:
    """Compare with vectors of which `file` holds `every` so many bins, and the whole mixture."""
    with np.load(file) as vectors:
        arrays = {name: vectors[name] for name in vectors.files}
    case = f"{representation}_percentile_{percentile}"
    mixture = channels_first(arrays[f"{representation}_input_mix"])
    vocals = channels_first(arrays[f"{representation}_input_voc"])
    normalization = Percentile(representation == "ri", percentile).fit(mixture)
    scales = np.atleast_2d(arrays[f"{case}_norm"])[:, -1]
    np.testing.assert_allclose(normalization.scale.ravel(), scales, rtol=1e-6)
    normalized = normalization.apply(mixture)[:, ::every]
    np.testing.assert_allclose(normalized, channels_first(arrays[f"{case}_mix"]), atol=1e-6)
    np.testing.assert_allclose(normalization.apply(vocals), channels_first(arrays[f"{case}_voc"]), atol=1e-6)
    np.testing.assert_allclose(normalization.invert(normalized), channels_first(arrays[f"{case}_back"]), atol=1e-5)


@pytest.mark.parametrize("representation", ["ri", "lps"])
def test_percentile_is_the_originals(golden_excerpt, representation):
    assert_percentile_is_the_originals(golden_excerpt / "normalizers.npz", representation, 99, every=8)


@pytest.mark.parametrize("representation", ["ri", "lps"])
@pytest.mark.parametrize("percentile", [99, 95])
def test_percentile_is_the_originals_in_all_bins(golden, representation, percentile):
    assert_percentile_is_the_originals(golden / "normalizers.npz", representation, percentile)


def test_dummy_is_the_originals(golden_excerpt):
    with np.load(golden_excerpt / "normalizers.npz") as vectors:
        mixture, expected = (channels_first(vectors[name]) for name in ("lps_input_mix", "lps_dummy_0_mix"))
    np.testing.assert_array_equal(Dummy(False, 0).fit(mixture).apply(mixture)[:, ::8], expected)


@pytest.mark.parametrize("signed", [True, False])
@given(scale=st.floats(1e-3, 1e4), percentile=st.floats(50, 99), seed=st.integers(0, 9))
def test_a_stream_finds_the_same_numbers(signed, scale, percentile, seed):
    tensor = (np.random.default_rng(seed).standard_normal((1, 2, 50, 400)) * scale).astype(np.float32)
    tensor = tensor if signed else abs(tensor)
    normalizer = Percentile(signed, percentile)
    exact = normalizer.fit(tensor)
    statistics = normalizer.statistics()
    for piece in np.split(tensor, [3, 40], axis=-1):
        statistics.push(piece)
    found = statistics.finish()
    assert found.scale.shape == (1, 2, 1, 1)
    np.testing.assert_allclose(found.scale, exact.scale, rtol=0.01)
    np.testing.assert_allclose(found.offset[0] - exact.offset, 0, atol=0.01 * scale)


@pytest.mark.parametrize("signed", [True, False])
def test_silence_is_left_as_it_is(signed):
    silence = np.zeros((1, 1, 9, 9), np.float32)
    statistics = Percentile(signed, 99).statistics()
    statistics.push(silence)
    for normalization in (statistics.finish(), Percentile(signed, 99).fit(silence)):
        assert (normalization.scale == 1).all()
        np.testing.assert_allclose(normalization.apply(silence), 0, atol=1e-6)


def test_invert_undoes_apply_where_nothing_is_clipped(rng):
    tensor = rng.uniform(0, 5, (1, 20, 30)).astype(np.float32)
    normalization = Percentile(signed=False, percentile=90).fit(tensor)
    np.testing.assert_allclose(normalization.invert(normalization.apply(tensor)), tensor, rtol=1e-5)


def test_the_identity_changes_nothing(rng):
    tensor = rng.standard_normal((1, 4, 5)).astype(np.float32)
    np.testing.assert_array_equal(IDENTITY.invert(IDENTITY.apply(tensor)), tensor)
