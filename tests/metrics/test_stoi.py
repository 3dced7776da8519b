"""STOI, through pystoi."""

import sys

import numpy as np
import pystoi
import pytest

from acapella.errors import MissingExtraError
from acapella.metrics import stoi

RATE = 8000


@pytest.fixture
def voice(rng):
    """Noise (samples,) of 2 s that swells four times a second, as speech does."""
    time = np.arange(2 * RATE) / RATE
    return rng.standard_normal(len(time)) * (0.2 + np.sin(4 * np.pi * time) ** 2)


@pytest.mark.parametrize("rate", [8000, 10000, 16000])
def test_agrees_with_pystoi_to_the_last_digit(rate, voice, rng):
    estimate = voice + rng.standard_normal(len(voice))
    assert stoi(voice, estimate, rate) == pystoi.stoi(voice, estimate, rate, extended=False)


def test_is_1_for_identical_signals_whatever_their_loudness(voice):
    assert stoi(voice, voice, RATE) == pytest.approx(1, abs=1e-12)
    assert stoi(voice, 0.1 * voice, RATE) == pytest.approx(1, abs=1e-12)
    assert stoi(voice, 0 * voice, RATE) == 0


def test_is_the_mean_of_the_channels_that_sound(voice, rng):
    noise = rng.standard_normal((len(voice), 3))
    reference = np.stack([voice, voice[::-1], 0 * voice], axis=1)
    left, right = (stoi(reference[:, i], (reference + noise)[:, i], RATE) for i in (0, 1))
    assert stoi(reference, reference + noise, RATE) == pytest.approx((left + right) / 2, abs=1e-15)


@pytest.mark.parametrize("seconds", [0.001, 0.2, 0.4])
def test_of_too_little_sound_is_not_defined(seconds, voice):
    short = voice[: round(seconds * RATE)]
    assert np.isnan(stoi(short, short, RATE))


def test_of_mostly_silence_is_not_defined(voice):
    voice[RATE // 5 :] = 0
    assert np.isnan(stoi(voice, voice, RATE))


def test_pystoi_may_be_absent(voice, monkeypatch):
    monkeypatch.setitem(sys.modules, "pystoi", None)
    with pytest.raises(MissingExtraError, match="analysis"):
        stoi(voice, voice, RATE)
