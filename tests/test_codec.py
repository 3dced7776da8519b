import numpy as np
import pytest

from acapella.codec import SpectrogramCodec
from acapella.errors import ModelFileError
from acapella.settings import Settings

CODECS = [
    SpectrogramCodec(representation=representation, normalizer=normalizer, channels=channels)
    for representation in ("lps", "ri")
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
    assert SpectrogramCodec.from_settings(settings) == SpectrogramCodec(
        sample_rate=16000, window_length=1024, representation="lps", normalizer="dummy", target="instrumental"
    )


def test_json_brings_the_codec_back():
    for codec in CODECS:
        assert SpectrogramCodec.from_json(codec.to_json()) == codec


@pytest.mark.parametrize("text", ["", "[]", '{"colour": 1}', '{"representation": "mel"}', '{"window_length": 7}'])
def test_a_codec_that_cannot_be_understood_is_one_sentence(text):
    with pytest.raises(ModelFileError, match="codec cannot be understood"):
        SpectrogramCodec.from_json(text)
