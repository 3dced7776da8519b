import numpy as np
import pytest

from acapella.errors import ModelFileError
from acapella.models.front_ends import SpectralFrontEnd
from acapella.settings import Settings

CODECS = [
    SpectralFrontEnd(representation=representation, normalizer=normalizer, channels=channels)
    for representation in ("lps", "ri", "amplitude")
    for normalizer in ("dummy", "percentile")
    for channels in (1, 2)
]


@pytest.mark.parametrize("codec", CODECS, ids=str)
def test_decode_undoes_encode(codec, rng):
    audio = rng.uniform(-1, 1, (codec.channels, 30_000)).astype(np.float32)
    normalization = codec.measure(np.array_split(audio, 3, axis=-1))
    mixture = codec.batched(codec.stft.forward(audio))
    tensor = codec.encode(mixture, normalization)
    assert tensor.shape == (1, codec.tensor_channels, 769, codec.stft.frames(30_000))
    assert tensor.dtype == np.float32
    restored = codec.stft.inverse(codec.decode(tensor, mixture, normalization)[0], 30_000)
    # clipping beyond the percentile loses a little of the signed values
    tolerance = 0.2 if codec.representation == "ri" and codec.normalizer == "percentile" else 1e-4
    assert np.abs(restored - audio).max() < tolerance


def test_settings_shape_the_codec():
    settings = Settings(learn_phase=False, fft=1024, sample_rate=16000, instrumental=True, normalizer="dummy")
    assert SpectralFrontEnd.from_settings(settings) == SpectralFrontEnd(
        sample_rate=16000, window_length=1024, representation="lps", normalizer="dummy", target="instrumental"
    )


def test_json_brings_the_codec_back():
    for codec in CODECS:
        assert SpectralFrontEnd.from_json(codec.to_json()) == codec


@pytest.mark.parametrize("text", ["", "[]", '{"colour": 1}', '{"representation": "mel"}', '{"window_length": 7}'])
def test_a_codec_that_cannot_be_understood_is_one_sentence(text):
    with pytest.raises(ModelFileError, match="codec cannot be understood"):
        SpectralFrontEnd.from_json(text)


@pytest.mark.parametrize("representation", ["lps", "ri", "amplitude"])
def test_a_network_may_see_the_lowest_bins_only(representation, rng):
    codec = SpectralFrontEnd(representation=representation, lowest=300)
    mixture = codec.batched(codec.stft.forward(rng.uniform(-1, 1, (1, 30_000)).astype(np.float32)))
    normalization = codec.measure([])
    tensor = codec.encode(mixture, normalization)
    assert tensor.shape[-2] == codec.bins == 300
    decoded = codec.decode(tensor, mixture, normalization)
    np.testing.assert_allclose(decoded[..., :300, :], mixture[..., :300, :], atol=1e-3)
    above = np.zeros_like(mixture[..., 300:, :]) if codec.has_phase else mixture[..., 300:, :]
    np.testing.assert_allclose(decoded[..., 300:, :], above, atol=1e-3)


def test_the_target_of_amplitudes_is_what_is_in_phase_with_the_mixture(rng):
    codec = SpectralFrontEnd(representation="amplitude")
    spectra = (rng.standard_normal((2, 1, 1, 769, 5)) + 1j * rng.standard_normal((2, 1, 1, 769, 5))).astype(
        np.complex64
    )
    target, mixture = spectra[0], spectra[0] + spectra[1]
    _, tensor = codec.encode_pair(mixture, target, codec.measure([]))
    gains = np.linspace(0, 1, 201)[:, None]
    errors = abs(gains * mixture.ravel() - target.ravel())  # the best gain, by trying
    best = gains[errors.argmin(axis=0), 0] * abs(mixture.ravel())
    np.testing.assert_allclose(tensor.ravel(), best, atol=0.005 * abs(mixture).max())
