import numpy as np
import pytest

from acapella.metrics import nsdr, sdr, si_sdr


def test_si_sdr_of_known_noise(rng):
    reference, noise = rng.standard_normal((2, 100_000))
    noise -= reference * (noise @ reference) / (reference @ reference)
    estimate = reference + noise * np.sqrt((reference @ reference) / (noise @ noise)) * 10 ** (-12 / 20)
    assert si_sdr(reference, estimate) == pytest.approx(12, abs=1e-9)
    assert si_sdr(reference, 0.3 * estimate) == pytest.approx(12, abs=1e-9)
    assert si_sdr(reference.reshape(-1, 2), estimate.reshape(-1, 2)) == pytest.approx(12, abs=1e-9)


def test_si_sdr_at_its_ends(rng):
    signal, silence = rng.standard_normal(100), np.zeros(100)
    assert si_sdr(np.ones(4), np.ones(4)) == np.inf
    assert si_sdr(signal, signal) > 200
    assert si_sdr(signal, silence) == -np.inf
    assert np.isnan(si_sdr(silence, signal))


@pytest.mark.parametrize("metric", [si_sdr, sdr])
def test_arguments_are_checked(metric, rng):
    with pytest.raises(ValueError, match="differ in shape"):
        metric(np.ones((1, 9)), np.ones((1, 8)))
    with pytest.raises(ValueError, match="empty"):
        metric(np.ones((1, 0)), np.ones((1, 0)))
    with pytest.raises(ValueError, match="finite"):
        metric(np.ones((1, 9)), np.full((1, 9), np.nan))


def test_nsdr_is_zero_for_the_mixture_and_large_for_the_truth(rng):
    sources = rng.standard_normal((2, 8000))
    mixture = sources.sum(axis=0)
    np.testing.assert_allclose(nsdr(sources, np.stack([mixture, mixture]), mixture), 0, atol=1e-9)
    assert (nsdr(sources, sources + 1e-3 * mixture, mixture) > 40).all()


def test_a_silent_source_has_no_sdr(rng):
    sources = np.stack([rng.standard_normal(8000), np.zeros(8000)])
    assert np.isnan(sdr(sources, sources + 1)).all()
