"""Memory does not grow with the song."""

import os
import subprocess
import sys

import numpy as np
import pytest
import soundfile

RATE = 44100
MINUTE = 60 * RATE


def write_long_song(path, minutes):
    """Noise on the left, its echo on the right; the same minute again and again."""
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, MINUTE)
    minute = np.stack([noise, np.roll(noise, 1000)], axis=1)
    with soundfile.SoundFile(path, "w", RATE, 2, "PCM_16") as file:
        for _ in range(minutes):
            file.write(minute)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "wait4"), reason="the system does not tell a process' peak memory")
def test_half_an_hour_needs_the_memory_of_three_minutes(tmp_path):
    peaks = []
    for minutes in (3, 30):
        song = tmp_path / f"{minutes}.flac"
        write_long_song(song, minutes)
        command = [sys.executable, "-m", "acapella", "-q", str(song), "--stems", "vocal", "--format", "flac"]
        process = subprocess.Popen(command)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        assert soundfile.info(tmp_path / f"{minutes}_vocal.flac").frames == minutes * MINUTE
        peaks.append(usage.ru_maxrss)
        song.unlink()
        (tmp_path / f"{minutes}_vocal.flac").unlink()
    assert peaks[1] <= 1.1 * peaks[0]
