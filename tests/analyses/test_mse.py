import numpy as np
import pytest
from tests.isolation.fakes import Gain, Smear, model_of

from acapella.analyses.mse import compute, compute_track
from acapella.dsp.normalizers import IDENTITY, Normalization

TINY = {"window_length": 64, "sample_rate": 8000}


def test_of_waveforms_whose_error_is_known():
    reference = np.zeros(8000 * 5, np.float32)
    estimate = reference.copy()
    estimate[: 8000 * 2] = 0.5
    found = compute(reference, estimate, 8000)
    assert found.overall == pytest.approx(0.25 * 2 / 5)
    np.testing.assert_allclose(found.values, [0.25, 0.125, 0, 0])
    np.testing.assert_allclose(found.seconds, [1, 2, 3, 4])


def test_a_short_signal_is_one_window():
    found = compute(np.zeros(100), np.ones(100), 8000)
    assert found.values.tolist() == [1]


@pytest.mark.parametrize("representation", ["lps", "ri"])
def test_the_right_prediction_has_no_error(rng, representation):
    model = model_of(Gain(1.0), representation=representation, **TINY)
    spectrum = model.description.front_end.stft.forward(rng.standard_normal((1, 4000)))
    spectra = np.concatenate([spectrum, spectrum])
    assert compute_track([spectra], model, IDENTITY) == 0


@pytest.mark.parametrize("representation", ["lps", "ri"])
def test_silence_predicted_errs_by_the_targets_power(rng, representation):
    model = model_of(Gain(0.0), representation=representation, channels=2, **TINY)
    front_end = model.description.front_end
    mixture, target = (front_end.stft.forward(rng.standard_normal((2, 4000))) for _ in range(2))
    halved = Normalization(np.zeros((1, 1, 1), np.float32), np.full((1, 1, 1), 2, np.float32), clip=False)
    error = compute_track([np.concatenate([mixture, target])], model, halved)
    assert error == pytest.approx(np.mean((front_end.represent(target) / 2) ** 2), rel=1e-5)


def test_blocks_give_what_one_piece_gives(rng):
    model = model_of(Smear(), representation="ri", **TINY)
    front_end = model.description.front_end
    spectra = front_end.stft.forward(rng.standard_normal((2, 16 * 700)))
    assert spectra.shape[-1] > 2 * 256
    mixture, target = (front_end.encode(spectra[channel][None], IDENTITY) for channel in range(2))
    whole = np.mean((model.runtime.run({"mixture": mixture[None]})[0][0] - target) ** 2)
    pieces = np.array_split(spectra, 9, axis=-1)
    assert compute_track(pieces, model, IDENTITY) == pytest.approx(whole, rel=1e-5)
