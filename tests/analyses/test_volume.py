import numpy as np
import pytest

from acapella.analyses.volume import Song, compute, ratios
from acapella.models.front_ends import SpectralFrontEnd

RATE = 8000


@pytest.fixture
def song(rng):
    vocal, instrumental = rng.uniform(-0.2, 0.2, RATE), rng.uniform(-0.8, 0.8, RATE)
    vocal[5], instrumental[7] = 0.2, -0.8
    parts = (vocal + instrumental, vocal, instrumental)
    return Song(*(part.astype(np.float32) for part in parts))


def front_end(representation: str) -> SpectralFrontEnd:
    return SpectralFrontEnd(sample_rate=RATE, window_length=64, representation=representation)


def test_ratios_are_evenly_spaced_around_1():
    np.testing.assert_allclose(ratios(5), [0.01, 0.1, 1, 10, 100])
    assert len(ratios(21)) == 21


def test_without_isolating_the_error_is_the_instrumental_over_the_gain(song):
    ri = front_end("ri")
    found = compute(song, lambda mix: mix, ri, points=5)
    assert found.own_ratio == pytest.approx(0.25)
    power = np.mean(ri.represent(ri.stft.forward(song.instrumental[None])) ** 2)
    np.testing.assert_allclose(found.errors, power / (found.ratios / 0.25) ** 2, rtol=1e-3)
    assert found.own_error == pytest.approx(power, rel=1e-3)


@pytest.mark.parametrize("representation", ["lps", "ri"])
def test_perfect_isolation_has_no_error(song, representation):
    found = compute(song, lambda mix: mix - song.instrumental, front_end(representation), points=5)
    assert found.own_error < 1e-10
    assert (found.errors < 1e-8).all()


@pytest.mark.parametrize("representation", ["lps", "ri"])
def test_silence_for_vocals_errs_alike_at_all_levels(song, representation):
    made = front_end(representation)
    found = compute(song, np.zeros_like, made, points=3)
    power = np.mean(made.represent(made.stft.forward(song.vocal[None])) ** 2)
    np.testing.assert_allclose([*found.errors, found.own_error], power, rtol=1e-4)


def test_progress_counts_the_points_and_the_mix(song):
    steps = []
    compute(song, lambda mix: mix, front_end("ri"), points=2, progress=lambda *step: steps.append(step))
    assert steps == [(0, 3), (1, 3), (2, 3)]
