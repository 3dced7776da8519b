import numpy as np
import pytest

from acapella.dsp.representations import REPRESENTATIONS, LogPower


@pytest.fixture
def spectrum(rng) -> np.ndarray:
    parts = rng.standard_normal((2, 3, 1, 9, 7)) * 10
    return (parts[0] + 1j * parts[1]).astype(np.complex64)


@pytest.mark.parametrize("name", REPRESENTATIONS)
def test_decode_undoes_encode(name, spectrum):
    representation = REPRESENTATIONS[name]
    tensor = representation.encode(spectrum)
    assert tensor.shape == (3, representation.components, 9, 7)
    assert tensor.dtype == np.float32
    np.testing.assert_allclose(representation.decode(tensor, spectrum), spectrum, rtol=1e-4)


def test_real_and_imaginary_parts_alternate_along_the_channels(rng):
    spectrum = (rng.standard_normal((2, 4, 5)) + 1j * rng.standard_normal((2, 4, 5))).astype(np.complex64)
    tensor = REPRESENTATIONS["ri"].encode(spectrum)
    np.testing.assert_array_equal(tensor, [spectrum[0].real, spectrum[0].imag, spectrum[1].real, spectrum[1].imag])


def test_log_power_is_log1p_of_the_amplitude(spectrum):
    np.testing.assert_allclose(REPRESENTATIONS["lps"].encode(spectrum), np.log(1 + abs(spectrum)), rtol=1e-5)


def test_log_power_never_exceeds_the_mixture(spectrum):
    decoded = LogPower().decode(np.full(spectrum.shape, 1e6, np.float32), spectrum)
    np.testing.assert_allclose(decoded, spectrum, rtol=1e-4)


def test_log_power_below_zero_is_silence(spectrum):
    assert not LogPower().decode(np.full(spectrum.shape, -1, np.float32), spectrum).any()


def test_a_silent_mixture_stays_silent():
    silence = np.zeros((1, 4, 5), np.complex64)
    assert not LogPower().decode(np.ones((1, 4, 5), np.float32), silence).any()
