"""The memory that a model with chunks needs does not grow with the song."""

import subprocess
import sys

import pytest
from tests.onnx_models import write_four_source_model

PROGRAM = """
import resource, sys
import numpy as np
from acapella import Isolator

isolator = Isolator.load(sys.argv[1])
seconds = float(sys.argv[2])
rng = np.random.default_rng(0)
noise = rng.uniform(-0.5, 0.5, (44_100, 2)).astype(np.float32)

def song():
    for _ in range(int(seconds)):
        yield noise

done, worst = 0, 0.0
for stems in isolator.stream(song, 44_100, 2, ["all"]):
    total = sum(stems[name] for name in isolator.description.summing_stems)
    positions = np.arange(done, done + len(total)) % len(noise)
    worst = max(worst, float(np.abs(total - noise[positions]).max(initial=0)))
    done += len(total)
assert done == int(seconds) * 44_100
print(worst, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the system does not tell a process' peak memory")
def test_five_minutes_need_the_memory_of_half_a_minute(tmp_path):
    path = write_four_source_model(tmp_path / "four.onnx")
    peaks = []
    for seconds in (30, 300):
        command = [sys.executable, "-c", PROGRAM, str(path), str(seconds)]
        run = subprocess.run(command, capture_output=True, text=True, check=True)
        worst, peak = map(float, run.stdout.split())
        assert worst < 1e-5
        peaks.append(peak)
    assert peaks[1] <= 1.05 * peaks[0]
