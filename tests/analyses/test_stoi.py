import numpy as np
import pytest

from acapella.analyses.stoi import compute

RATE = 10000


@pytest.fixture
def voice(rng):
    """Noise whose level comes and goes as in speech, 4 s."""
    level = np.sin(np.arange(4 * RATE) / RATE * 2 * np.pi * 4) ** 2
    return (level * rng.standard_normal(4 * RATE)).astype(np.float32)


def test_a_signal_is_as_intelligible_as_itself(voice):
    found = compute(voice, voice, RATE)
    assert found.overall == pytest.approx(1, abs=1e-4)
    np.testing.assert_allclose(found.values, 1, atol=1e-4)
    assert found.seconds.tolist() == [1, 2, 3]


def test_noise_makes_it_worse(voice, rng):
    noise = rng.standard_normal(len(voice))
    values = [compute(voice, voice + level * noise, RATE).overall for level in (0.1, 1, 10)]
    assert values == sorted(values, reverse=True)
    assert values[-1] < 0.5


def test_silence_cannot_be_judged(voice):
    assert np.isnan(compute(np.zeros_like(voice), voice, RATE).overall)
