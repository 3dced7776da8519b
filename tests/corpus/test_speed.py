import numpy as np
import pytest
from tests.made import tone, write_cached

from acapella.corpus.speed import AtSpeed


@pytest.fixture
def audio(tmp_path):
    return write_cached(tmp_path / "audio", tone(500, 2.0, 8000).T)


def test_at_its_own_speed_it_is_as_it_was(audio):
    assert AtSpeed(audio, 1).samples == audio.samples
    np.testing.assert_array_equal(AtSpeed(audio, 1).read(100, 300), audio.read(100, 300))


@pytest.mark.parametrize("speed", [0.8, 1.25])
def test_faster_is_higher_and_shorter(audio, speed):
    played = AtSpeed(audio, speed)
    assert played.samples == int(audio.samples / speed)
    middle = played.read(4000, 8000)
    assert middle.shape == (1, 4000)
    loudest = np.abs(np.fft.rfft(middle[0] * np.hanning(4000))).argmax() * 8000 / 4000
    assert loudest == pytest.approx(500 * speed, abs=4)


def test_up_to_its_end(audio):
    played = AtSpeed(audio, 1.1)
    assert played.read(played.samples - 50, played.samples).shape == (1, 50)
