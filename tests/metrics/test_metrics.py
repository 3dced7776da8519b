"""What all metrics have in common, and SI-SDR and uSDR against what their definitions say."""

import numpy as np
import pytest

from acapella import metrics
from acapella.metrics import bss_eval, nsdr, sdr, si_sdr, stoi, usdr

RATE = 8000
PAIRS = {  # every metric as a function of a reference and an estimate (samples,)
    "si_sdr": si_sdr,
    "usdr": usdr,
    "stoi": lambda reference, estimate: stoi(reference, estimate, RATE),
    "sdr": lambda reference, estimate: sdr(reference[None], estimate[None]),
    "nsdr": lambda reference, estimate: nsdr(reference[None], estimate[None], np.ones(reference.shape)),
    "bss_eval": lambda reference, estimate: bss_eval(reference[None, :, None], estimate[None, :, None], RATE),
}


def test_all_metrics_are_listed():
    assert {*PAIRS, "gnsdr", "Ratios"} == set(metrics.__all__)
    assert all(hasattr(metrics, name) for name in metrics.__all__)


@pytest.mark.parametrize("name", PAIRS)
def test_arguments_are_checked(name):
    with pytest.raises(ValueError, match="differ in shape"):
        PAIRS[name](np.ones(9), np.ones(8))
    with pytest.raises(ValueError, match="empty"):
        PAIRS[name](np.ones(0), np.ones(0))
    with pytest.raises(ValueError, match="finite"):
        PAIRS[name](np.ones(9), np.full(9, np.nan))


@pytest.mark.parametrize("name", PAIRS)
def test_a_silent_reference_has_no_score(name, rng):
    assert np.isnan(PAIRS[name](np.zeros(RATE), rng.standard_normal(RATE))).all()


@pytest.mark.parametrize("name", PAIRS)
def test_less_noise_is_better(name, rng):
    reference, noise = rng.standard_normal((2, RATE))
    scores = [np.array(PAIRS[name](reference, reference + level * noise)) for level in (0.5, 0.1)]
    assert (scores[0] <= scores[1]).all()  # without a second source, SIR is infinite in both
    assert (scores[0] < scores[1]).any()


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


def test_usdr_of_known_energies():
    reference = np.array([[3.0, 0], [0, 4]])  # energy 25
    estimate = np.array([[3.0, 0.5], [0, 4]])  # error 0.25
    assert usdr(reference, estimate) == pytest.approx(10 * np.log10((25 + 1e-7) / (0.25 + 1e-7)), abs=1e-12)
    assert usdr(reference, estimate) == pytest.approx(20, abs=1e-5)


def test_usdr_counts_loudness_and_si_sdr_does_not(rng):
    reference = rng.standard_normal(1000)
    assert usdr(reference, reference / 2) == pytest.approx(10 * np.log10(4), abs=1e-6)
    assert si_sdr(reference, reference / 2) > 100


def test_usdr_at_its_ends():
    signal = np.ones(10)
    assert usdr(signal, signal) == pytest.approx(80, abs=1e-6)  # 10 over the epsilon of 1e-7
    assert usdr(signal, 0 * signal) == 0


@pytest.mark.parametrize("estimate", [0.25, -3.0])
def test_usdr_is_what_a_loop_gives(estimate, rng):
    reference = rng.standard_normal((50, 2))
    guess = reference * estimate
    energy = error = 0.0
    for row, other in zip(reference, guess, strict=True):
        for value, guessed in zip(row, other, strict=True):
            energy += value**2
            error += (value - guessed) ** 2
    assert usdr(reference, guess) == pytest.approx(10 * np.log10((energy + 1e-7) / (error + 1e-7)), abs=1e-12)
