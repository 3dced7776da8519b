"""BSS Eval, v3 through mir_eval and v4 through museval."""

import sys
import warnings

import numpy as np
import pytest

from acapella.errors import MissingExtraError
from acapella.metrics import bss_eval, gnsdr, images, nsdr, sdr

RATE = 8000


@pytest.fixture
def sources(rng):
    """Two sources (2, samples, 1) of coloured noise, 3.5 s."""
    noise = rng.standard_normal((2, 28000, 1))
    return np.stack([noise[0], np.cumsum(noise[1], axis=0) / 50])


@pytest.fixture
def leaking(sources):
    """Estimates with a tenth of the other source in each."""
    return sources + 0.1 * sources[::-1]


def test_v4_is_what_museval_gives(sources, leaking):
    expected = images._museval_metrics().bss_eval(sources, leaking, window=RATE, hop=RATE)
    for ours, theirs in zip(bss_eval(sources, leaking, RATE), expected, strict=False):
        assert ours.shape == (2, 3)  # the last half window is left out
        np.testing.assert_array_equal(ours, theirs)


def test_v4_sdr_is_the_plain_ratio_in_each_window(sources, leaking):
    windows = [slice(start, start + RATE) for start in range(0, 3 * RATE, RATE)]
    for source, estimate, found in zip(sources, leaking, bss_eval(sources, leaking, RATE).sdr, strict=True):
        plain = [10 * np.log10(np.sum(source[w] ** 2) / np.sum((source[w] - estimate[w]) ** 2)) for w in windows]
        np.testing.assert_allclose(found, plain, atol=1e-9)


def test_v4_tells_leaking_from_artefacts(sources, leaking, rng):
    leak = bss_eval(sources, leaking, RATE)
    noisy = bss_eval(sources, sources + 0.1 * rng.standard_normal(sources.shape), RATE)
    assert (leak.sar > noisy.sar + 20).all()
    assert (noisy.sir > leak.sir).all()


def test_v4_of_stereo_sources_in_one_call(sources):
    stereo = np.concatenate([sources, 0.5 * sources[:, ::-1]], axis=2)
    assert np.isfinite(bss_eval(stereo, 0.9 * stereo, RATE).sdr).all()


def test_v4_of_identical_signals_is_infinite_or_huge(sources):
    found = bss_eval(sources, sources, RATE)
    assert (found.sdr == np.inf).all()
    assert (np.stack(found) > 150).all()


def test_v4_of_a_window_in_which_a_source_is_silent(sources, leaking):
    sources[0, RATE : 2 * RATE] = 0
    found = bss_eval(sources, leaking, RATE)
    assert [list(np.isnan(ratio).any(axis=0)) for ratio in found] == [[False, True, False]] * 4


@pytest.mark.parametrize("which", ["references", "estimates"])
def test_v4_of_a_source_that_is_silent_throughout(sources, which):
    silenced = sources * np.array([1, 0])[:, None, None]
    pair = (silenced, sources) if which == "references" else (sources, silenced)
    assert [np.isnan(ratio).tolist() for ratio in bss_eval(*pair, RATE)] == [[[True] * 3] * 2] * 4


def test_v4_of_equations_without_a_solution(sources, monkeypatch):
    def fail(*_):
        raise np.linalg.LinAlgError("Singular matrix")

    monkeypatch.setattr(np.linalg, "solve", fail)
    assert np.isnan(bss_eval(sources, sources, RATE).sdr).all()


def test_v4_of_less_than_a_window(sources, leaking):
    assert bss_eval(sources[:, :900], leaking[:, :900], RATE).sdr.shape == (2, 1)


def test_museval_may_be_absent(sources, monkeypatch):
    images._museval_metrics.cache_clear()
    monkeypatch.setattr(images, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="analysis"):
        bss_eval(sources, sources, RATE)


def test_v3_is_what_mir_eval_gives(sources, leaking):
    from mir_eval.separation import bss_eval_sources

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        expected = bss_eval_sources(sources[..., 0], leaking[..., 0], compute_permutation=False)[0]
    np.testing.assert_array_equal(sdr(sources[..., 0], leaking[..., 0]), expected)


def test_v3_forgives_a_filter(sources):
    filtered = np.stack([np.convolve(source, [0.5, 0.3, -0.2])[: source.size] for source in sources[..., 0]])
    assert (sdr(sources[..., 0], filtered) > 40).all()


def test_v3_of_a_silent_estimate(sources):
    assert np.isnan(sdr(sources[..., 0], np.zeros(sources.shape[:2]))).all()


def test_mir_eval_may_be_absent(sources, monkeypatch):
    monkeypatch.setitem(sys.modules, "mir_eval.separation", None)
    with pytest.raises(MissingExtraError, match="analysis"):
        sdr(sources[..., 0], sources[..., 0])


def test_sources_must_have_the_right_number_of_axes():
    with pytest.raises(ValueError, match=r"must be \(sources, samples\)"):
        sdr(np.ones(9), np.ones(9))
    with pytest.raises(ValueError, match=r"must be \(sources, samples, channels\)"):
        bss_eval(np.ones((2, 9)), np.ones((2, 9)), RATE)


def test_nsdr_is_zero_for_the_mixture_and_large_for_the_truth(rng):
    sources = rng.standard_normal((2, 4000))
    mixture = sources.sum(axis=0)
    np.testing.assert_allclose(nsdr(sources, np.stack([mixture, mixture]), mixture), 0, atol=1e-9)
    assert (nsdr(sources, sources + 1e-3 * mixture, mixture) > 40).all()


def test_gnsdr_weighs_by_length():
    assert gnsdr(np.array([1.0, 4.0]), np.array([2, 1])) == 2
    assert gnsdr(np.array([1.0, np.nan, 4.0]), np.array([2, 100, 1])) == 2
    assert np.isnan(gnsdr(np.array([np.nan]), np.array([1])))
    assert np.isnan(gnsdr(np.array([]), np.array([])))


def test_gnsdr_checks_its_arguments():
    with pytest.raises(ValueError, match="must both be"):
        gnsdr(np.ones(2), np.ones(3))
    with pytest.raises(ValueError, match="positive"):
        gnsdr(np.ones(2), np.array([1, 0]))
