"""Resampling: streams equal libsoxr's own result on the whole, lengths follow one rule, nothing moves in time."""

from itertools import pairwise

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import correlate

from acapella.audio_files.resampling import QUALITY, Resampler, resample, resampled_length

RATES = [8000, 11025, 16000, 22050, 44100, 48000, 96000]
PAIRS = [*pairwise([*RATES, 8000]), (44100, 16000), (48000, 44100), (44100, 48000), (96000, 44100), (44100, 44101)]


def noise(samples: int, channels: int = 2, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (samples, channels)).astype(np.float32)


def in_blocks(audio: np.ndarray, from_rate: int, to_rate: int, sizes: list[int]) -> np.ndarray:
    """`audio` resampled in blocks of the given sizes, which repeat."""
    resampler = Resampler(from_rate, to_rate, audio.shape[1])
    pieces, start, turn = [], 0, 0
    while start < len(audio):
        size = sizes[turn % len(sizes)]
        pieces.append(resampler.push(audio[start : start + size]))
        start, turn = start + size, turn + 1
    return np.concatenate([*pieces, resampler.finish()])


@pytest.mark.parametrize(("from_rate", "to_rate"), PAIRS)
@pytest.mark.parametrize("samples", [1, 2, 100, 999, 12345])
def test_whole_equals_soxr(from_rate: int, to_rate: int, samples: int) -> None:
    audio = noise(samples)
    expected = soxr.resample(audio, from_rate, to_rate, QUALITY)
    result = resample(audio, from_rate, to_rate)
    assert len(result) - len(expected) in (0, 1)  # soxr rounds to nearest, we round up
    np.testing.assert_allclose(result[: len(expected)], expected, atol=1e-6)


@pytest.mark.parametrize(("from_rate", "to_rate"), PAIRS)
@settings(max_examples=12, deadline=None, derandomize=True)
@given(samples=st.integers(0, 3000), sizes=st.lists(st.integers(1, 900), min_size=1, max_size=5))
def test_blocks_of_any_size_equal_the_whole(from_rate: int, to_rate: int, samples: int, sizes: list[int]) -> None:
    audio = noise(samples)
    np.testing.assert_allclose(
        in_blocks(audio, from_rate, to_rate, sizes), resample(audio, from_rate, to_rate), atol=1e-6
    )


@pytest.mark.parametrize("sizes", [[1], [2, 1, 3], [0, 5]])
@pytest.mark.parametrize(("from_rate", "to_rate"), [(44100, 16000), (8000, 96000)])
def test_blocks_of_few_samples(from_rate: int, to_rate: int, sizes: list[int]) -> None:
    audio = noise(700)
    np.testing.assert_allclose(
        in_blocks(audio, from_rate, to_rate, sizes), resample(audio, from_rate, to_rate), atol=1e-6
    )


@given(samples=st.integers(0, 10**9), from_rate=st.sampled_from(RATES), to_rate=st.sampled_from(RATES))
@settings(deadline=None, derandomize=True)
def test_length_rule(samples: int, from_rate: int, to_rate: int) -> None:
    length = resampled_length(samples, from_rate, to_rate)
    assert 0 <= length * from_rate - samples * to_rate < from_rate  # exact arithmetic: rounded up
    assert resampled_length(length, to_rate, from_rate) >= samples
    assert bool(length) == bool(samples)


@pytest.mark.parametrize(("from_rate", "to_rate"), PAIRS)
@pytest.mark.parametrize("samples", [0, 1, 100, 44100])
def test_length_is_as_the_rule_says(from_rate: int, to_rate: int, samples: int) -> None:
    result = resample(noise(samples, channels=3), from_rate, to_rate)
    assert result.shape == (resampled_length(samples, from_rate, to_rate), 3)
    assert result.dtype == np.float32


@pytest.mark.parametrize("between", [8000, 22050, 48000, 96000])
def test_there_and_back_stays_in_place(between: int) -> None:
    """Band-limited noise comes back with no delay, not even of a part of a sample."""
    rate, seconds = 44100, 1.0
    time = np.arange(int(rate * seconds)) / rate
    random = np.random.default_rng(1)
    tones = [
        np.sin(2 * np.pi * f * time + p)
        for f, p in zip(random.uniform(100, 2500, 20), random.uniform(0, 6, 20), strict=True)
    ]
    audio = (np.sum(tones, axis=0) / 20)[:, None].astype(np.float32)
    back = resample(resample(audio, rate, between), between, rate)[: len(audio)]
    lags = correlate(back[:, 0], audio[:, 0], mode="full")
    assert np.argmax(lags) == len(audio) - 1
    inner = slice(8000, -8000)
    np.testing.assert_allclose(back[inner], audio[inner], atol=3e-5)


@pytest.mark.parametrize("to_rate", [8000, 48000, 96000])
def test_tone_keeps_pitch_and_phase(to_rate: int) -> None:
    rate, frequency = 44100, 1000.0
    tone = np.sin(2 * np.pi * frequency * np.arange(rate) / rate)[:, None]
    expected = np.sin(2 * np.pi * frequency * np.arange(to_rate) / to_rate)[:, None]
    result = resample(tone, rate, to_rate)
    inner = slice(to_rate // 10, -to_rate // 10)
    np.testing.assert_allclose(result[inner], expected[inner], atol=1e-5)


def test_tone_above_the_new_nyquist_frequency_is_gone() -> None:
    tone = np.sin(2 * np.pi * 5000 * np.arange(44100) / 44100)[:, None]
    assert np.abs(resample(tone, 44100, 8000)[800:-800]).max() < 1e-5


def test_equal_rates_hand_the_samples_through() -> None:
    audio = noise(100)
    resampler = Resampler(44100, 44100, 2)
    assert np.shares_memory(resampler.push(audio), audio)
    assert resampler.finish().shape == (0, 2)


def test_channels_do_not_mix() -> None:
    audio = noise(1000)
    audio[:, 1] = 0
    result = resample(audio, 44100, 16000)
    assert np.abs(result[:, 0]).max() > 0.1
    assert not result[:, 1].any()
