"""Ctrl-C in the middle of songs."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the test sends signals to a group of processes")
PATIENCE = 60  # seconds


@pytest.mark.parametrize(("jobs", "format"), [("1", "wav"), ("2", "wav"), ("1", "mp3"), ("2", "mp3")])
def test_nothing_half_done_is_left(tmp_path, jobs, format):
    songs, stems = [tmp_path / "one.wav", tmp_path / "two.wav"], tmp_path / "stems"
    for song in songs:
        soundfile.write(song, np.random.default_rng(0).uniform(-0.3, 0.3, (180 * 44100, 2)), 44100)
    stems.mkdir()
    command = [sys.executable, "-m", "acapella", *map(str, songs), "-o", str(stems), "-j", jobs, "--format", format]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    deadline = time.monotonic() + PATIENCE
    while len(list(stems.iterdir())) < 2 * int(jobs) and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.2)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, said
    assert not list(stems.iterdir())
    assert "Traceback" not in said
    assert "terminate" not in said
