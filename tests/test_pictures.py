import numpy as np
import pytest
import soundfile
from tests.made import tone

from acapella.pictures import _pooled_power, draw_spectrogram


@pytest.mark.parametrize("seconds", [0.01, 1, 100])
def test_the_tone_is_where_it_should_be(tmp_path, seconds):
    rate = 8000
    audio = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(int(seconds * rate)) / rate)
    soundfile.write(tmp_path / "tone.wav", np.stack([audio, audio], axis=1), rate)
    power, duration, sample_rate = _pooled_power(tmp_path / "tone.wav")
    assert sample_rate == rate
    assert duration == pytest.approx(seconds, abs=0.07)
    assert power.shape[1] <= 1600
    if seconds > 0.1:
        column = power[:, power.shape[1] // 2]
        assert column.argmax() == 256
        assert 10 * np.log10(column.max()) == pytest.approx(-6, abs=0.1)


def test_a_picture_is_written(tmp_path):
    soundfile.write(tmp_path / "song.wav", tone(440, 0.5, 44100), 44100)
    draw_spectrogram(tmp_path / "song.wav", tmp_path / "song.png")
    assert (tmp_path / "song.png").read_bytes().startswith(b"\x89PNG")
