"""The memory that a model with chunks needs does not grow with the song."""

import json
import subprocess
import sys

import pytest
from tests.onnx_models import write_four_source_model, write_wave_model

PROGRAM = """
import json, resource, sys
import numpy as np
from acapella import Isolator

isolator = Isolator.load(**json.loads(sys.argv[1]))
seconds = float(sys.argv[2])
rng = np.random.default_rng(0)
noise = rng.uniform(-0.5, 0.5, (44_100, 2)).astype(np.float32)

def song():
    for _ in range(int(seconds)):
        yield noise

done, worst = 0, 0.0
for stems in isolator.stream(song, 44_100, 2, ["all"]):
    total = sum(stems[name] for name in isolator.summing_stems)
    positions = np.arange(done, done + len(total)) % len(noise)
    worst = max(worst, float(np.abs(total - noise[positions]).max(initial=0)))
    done += len(total)
assert done == int(seconds) * 44_100
print(worst, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the system does not tell a process' peak memory")
@pytest.mark.parametrize(
    ("options", "lengths"),
    [
        ({}, (30, 300)),
        ({"shifts": 1, "tta": ["swap"]}, (15, 90)),
        ({"model": ["MODEL", "MODEL"], "combine": "mean"}, (15, 90)),
        ({"then": "VOICES"}, (15, 90)),
    ],
    ids=str,
)
def test_long_songs_need_the_memory_of_short_ones(tmp_path, options, lengths):
    path = write_four_source_model(tmp_path / "four.onnx")
    voices = write_wave_model(tmp_path / "voices.onnx", sources=("lead",), residual="backing")
    told = json.dumps({"model": "MODEL", **options}).replace("MODEL", str(path)).replace("VOICES", str(voices))
    peaks = []
    for seconds in lengths:
        command = [sys.executable, "-c", PROGRAM, told, str(seconds)]
        run = subprocess.run(command, capture_output=True, text=True, check=True)
        worst, peak = map(float, run.stdout.split())
        assert worst < 1e-5
        peaks.append(peak)
    assert peaks[1] <= 1.05 * peaks[0]
