import numpy as np
import pytest

from acapella.models.front_ends import SpectralFrontEnd
from acapella.settings import Settings

FRONT_ENDS = [
    SpectralFrontEnd(representation=representation, normalizer=normalizer, channels=channels)
    for representation in ("lps", "ri", "amplitude")
    for normalizer in ("dummy", "percentile")
    for channels in (1, 2)
]


@pytest.mark.parametrize("front_end", FRONT_ENDS, ids=str)
def test_decode_undoes_encode(front_end, rng):
    audio = rng.uniform(-1, 1, (front_end.channels, 30_000)).astype(np.float32)
    normalization = front_end.measure(np.array_split(audio, 3, axis=-1))
    mixture = front_end.by_item(front_end.stft.forward(audio))
    tensor = front_end.encode(mixture, normalization)
    assert tensor.shape == (1, front_end.tensor_channels, 769, front_end.stft.frames(30_000))
    assert tensor.dtype == np.float32
    restored = front_end.stft.inverse(front_end.decode(tensor, mixture, normalization)[0], 30_000)
    # clipping beyond the percentile loses a little of the signed values
    tolerance = 0.2 if front_end.representation == "ri" and front_end.normalizer == "percentile" else 1e-4
    assert np.abs(restored - audio).max() < tolerance


def test_settings_shape_the_front_end():
    settings = Settings(learn_phase=False, fft=1024, sample_rate=16000, instrumental=True, normalizer="dummy")
    assert SpectralFrontEnd.from_settings(settings) == SpectralFrontEnd(
        sample_rate=16000, window_length=1024, representation="lps", normalizer="dummy"
    )


@pytest.mark.parametrize("representation", ["lps", "ri", "amplitude"])
def test_a_network_may_see_the_lowest_bins_only(representation, rng):
    front_end = SpectralFrontEnd(representation=representation, bins=300)
    mixture = front_end.by_item(front_end.stft.forward(rng.uniform(-1, 1, (1, 30_000)).astype(np.float32)))
    normalization = front_end.measure([])
    tensor = front_end.encode(mixture, normalization)
    assert tensor.shape[-2] == front_end.bins == 300
    decoded = front_end.decode(tensor, mixture, normalization)
    np.testing.assert_allclose(decoded[..., :300, :], mixture[..., :300, :], atol=1e-3)
    above = np.zeros_like(mixture[..., 300:, :]) if front_end.has_phase else mixture[..., 300:, :]
    np.testing.assert_allclose(decoded[..., 300:, :], above, atol=1e-3)


def test_the_target_of_amplitudes_is_what_is_in_phase_with_the_mixture(rng):
    front_end = SpectralFrontEnd(representation="amplitude")
    spectra = (rng.standard_normal((2, 1, 1, 769, 5)) + 1j * rng.standard_normal((2, 1, 1, 769, 5))).astype(
        np.complex64
    )
    target, mixture = spectra[0], spectra[0] + spectra[1]
    _, tensor = front_end.encode_pair(mixture, [target], front_end.measure([]))
    gains = np.linspace(0, 1, 201)[:, None]
    errors = abs(gains * mixture.ravel() - target.ravel())  # the best gain, by trying
    best = gains[errors.argmin(axis=0), 0] * abs(mixture.ravel())
    np.testing.assert_allclose(tensor.ravel(), best, atol=0.005 * abs(mixture).max())
