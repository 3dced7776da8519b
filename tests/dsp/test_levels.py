import numpy as np

from acapella.dsp.levels import measure_level


def test_the_level_is_that_of_the_mean_of_the_channels(rng):
    audio = (0.1 + rng.standard_normal((4, 5000)) * [[1], [2], [0.1], [0.2]]).astype(np.float32)
    level = measure_level(np.array_split(audio, 7, axis=-1), channels=2)
    for item, pair in enumerate((audio[:2], audio[2:])):
        mono = pair.mean(axis=0)
        np.testing.assert_allclose(level.mean[item, 0, 0], mono.mean(), rtol=1e-5)
        np.testing.assert_allclose(level.deviation[item, 0, 0], mono.std(), rtol=1e-5)
    normalized = level.apply(audio)
    assert abs(normalized[:2].mean(axis=0).std() - 1) < 1e-5
    np.testing.assert_allclose(level.invert(normalized[None])[0], audio, atol=1e-6)


def test_silence_is_left_as_it_is():
    silence = np.zeros((2, 100), np.float32)
    level = measure_level([silence], channels=2)
    np.testing.assert_array_equal(level.apply(silence), silence)
    np.testing.assert_array_equal(measure_level([], channels=2).mean.shape, (0, 1, 1))
