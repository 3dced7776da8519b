from contextlib import contextmanager

import numpy as np
import pytest
import soundfile
from tests.made import tone

from acapella import pictures
from acapella.pictures import _pooled_power, drawing


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


def test_song_and_stems_are_in_one_picture_with_one_scale(tmp_path, monkeypatch):
    for name, level in (("song", 0.5), ("vocal", 0.05)):
        soundfile.write(tmp_path / f"{name}.wav", tone(440, 3, 44100) * level, 44100)
    figures = []

    @contextmanager
    def kept(*arguments):
        with drawing(*arguments) as figure:
            figures.append(figure)
            yield figure

    monkeypatch.setattr(pictures, "drawing", kept)
    parts = {"mixture": tmp_path / "song.wav", "vocal": tmp_path / "vocal.wav"}
    pictures.draw_spectrograms(parts, tmp_path / "song.png", "song.wav", start=1)
    assert (tmp_path / "song.png").read_bytes().startswith(b"\x89PNG")
    upper, lower, _ = figures[0].axes
    assert [axes.get_title("left") for axes in (upper, lower)] == ["mixture", "vocal"]
    assert upper.images[0].get_clim() == lower.images[0].get_clim()
    levels = [axes.images[0].get_array().max() for axes in (upper, lower)]
    assert levels[0] - levels[1] == pytest.approx(20, abs=0.2)
    assert upper.images[0].get_extent()[1] == pytest.approx(2, abs=0.05), "the song from second 1 on"
    assert "1\u202f000" in [tick.get_text() for tick in upper.get_yticklabels()]


@pytest.mark.parametrize(
    "title", ["$\\frac{$.wav", "a $x_1$ b.wav", "\\$5.wav", "\udcff\udcfe.wav", "\u65e5\u672c\n.wav"]
)
def test_titles_are_no_formulas_and_may_be_no_text(tmp_path, title):
    with drawing(tmp_path / "a.png", 2, 2) as figure:
        drawn = figure.suptitle(pictures.verbatim(title))
    assert (tmp_path / "a.png").stat().st_size
    shown = drawn.get_text().replace(r"\$", "$")
    assert shown == "".join(mark if mark.isprintable() else "\N{REPLACEMENT CHARACTER}" for mark in title)


def test_a_tone_is_at_its_pitch_and_keeps_its_level():
    power = np.zeros((1025, 3))
    power[100] = 1.0
    rows = pictures.mel_rows(power, 22050.0)
    frequency = 100 / 1024 * 22050
    assert rows[:, 1].argmax() == int(pictures.mel(frequency) / pictures.mel(22050) * pictures.ROWS)
    np.testing.assert_allclose(pictures.mel_rows(np.ones((1025, 3)), 8000.0), 1)
    np.testing.assert_allclose(pictures.hertz(pictures.mel(np.array([0.0, 440, 20000]))), [0, 440, 20000])


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (0.25, "0:00.25"), (65, "1:05"), (600, "10:00"), (3723, "1:02:03")]
)
def test_times(seconds, text):
    assert pictures.as_time(seconds) == text
