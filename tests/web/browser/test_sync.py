"""The player's audio: stems that stay together, speed that keeps the pitch, loops that keep time.

Test signals go through the page's own player and worklet in Chromium, into an offline context: the same noise as the
vocals in the left channel and as the instrumental in the right one. If one stem were a sample late, the channels would
differ.
"""

from pathlib import Path

import numpy as np
import pytest
from tests.web.browser.pages import Pages

OFFLINE_PLAYER = (Path(__file__).parent / "offline_player.js").read_text()
RATE = 8000
HOP = 240  # samples: a fade is as long


@pytest.fixture(scope="module")
def render(browser, server):
    pages = Pages(browser)
    page = pages.open(server)
    page.wait_for_selector("#choose")

    def run(actions, seconds, song_seconds=60, signal="noise", delay=0):
        scenario = {"rate": RATE, "songSeconds": song_seconds, "signal": signal, "delay": delay}
        return page.evaluate(OFFLINE_PLAYER, {**scenario, "actions": actions, "seconds": seconds})

    yield run
    pages.close()


# Five minutes with jumps, every kind of speed, a loop, pauses.
FIVE_MINUTES = [
    [0, "play"],
    [20, "seek", 1666667],
    [40, "setSpeed", 1.5],
    [70, "seek", 500001],
    [90, "setSpeed", 0.5],
    [120, "setSpeed", 1.05],
    [130, "setLoop", {"start": 750000, "end": 758001}],
    [131, "seek", 749500],
    [160, "setLoop", None],
    [170, "setSpeed", 2],
    [190, "pause"],
    [191, "seek", 17],
    [192, "play"],
    [220, "setSpeed", 1],
    [250, "seek", 2000000],
    [270, "setSpeed", 0.75],
]


def test_stems_stay_together_for_five_minutes(render):
    played = render(FIVE_MINUTES, seconds=300, song_seconds=320)
    assert played["silent"] < 0.1  # a pause of a second, and what each jump waits for: longer where the machine is busy
    assert played["lags"] == [0]
    assert played["difference"] == 0
    assert played["blocks"] < 15  # memory: a song of 320 s has 79


def test_the_measure_sees_one_sample(render):
    played = render([[0, "play"], [3, "setSpeed", 1.5], [6, "seek", 200000]], seconds=12, delay=1)
    assert played["lags"] == [1]
    assert played["difference"] > 0.1


def test_at_its_own_speed_the_song_is_unchanged(render):
    played = render([[0, "play"]], seconds=4)
    wave, expected = np.array(played["wave"]), np.array(played["expected"])
    np.testing.assert_allclose(wave[HOP:], expected[HOP:], atol=1e-6)


@pytest.mark.parametrize("speed", [0.6, 2])
def test_speed_changes_the_time_and_keeps_the_pitch(render, speed):
    played = render([[0, "setSpeed", speed], [0, "play"]], seconds=4, signal="tone")
    wave = np.array(played["wave"])[HOP:]
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    frequency = np.argmax(spectrum) * RATE / len(wave)
    assert frequency == pytest.approx(440, abs=0.5)
    assert np.abs(wave).max() < 0.55  # segments are aligned: they neither cancel nor add
    assert np.sqrt(np.mean(wave**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.03)
    time, position = played["positions"][-1]
    assert position == pytest.approx(speed * time, abs=0.4)  # it is told every 1024 samples


def test_a_loop_has_exactly_its_length(render):
    start, length = 4000, 6789
    played = render([[0, "setLoop", {"start": start, "end": start + length}], [0, "play"]], seconds=4)
    wave = np.array(played["wave"])[start:]
    place = np.arange(length, len(wave)) % length
    between_fades = (place > 2 * HOP) & (place < length - 2 * HOP)
    np.testing.assert_allclose(wave[length:][between_fades], wave[:-length][between_fades], atol=1e-6)


def test_a_muted_stem_is_silent(render):
    played = render([[0, "setGains", [0, 1]], [0, "play"]], seconds=3)
    assert np.abs(played["wave"]).max() == 0
