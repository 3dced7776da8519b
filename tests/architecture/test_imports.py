"""What may not be loaded: the commands that everybody uses stay light."""

import json
import os
import subprocess
import sys

import pytest

HEAVY = ["torch", "lightning", "matplotlib", "scipy.signal", "onnx", "h5py", "pandas", "ray", "fsspec", "aiohttp"]


def loaded_by(code: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after `code`."""
    program = f"{code}\nimport json, sys\nprint('\\n' + json.dumps(list(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(run.stdout.splitlines()[-1]))


def test_importing_the_package_loads_next_to_nothing():
    assert not loaded_by("import acapella; dir(acapella)") & {
        *HEAVY,
        "numpy",
        "onnxruntime",
        "pydantic",
        "rich",
        "typer",
    }


def test_help_loads_no_numbers():
    code = "import sys, acapella.cli\ntry: acapella.cli.main(['--help'])\nexcept SystemExit: pass"
    assert not loaded_by(code) & {*HEAVY, "numpy", "onnxruntime", "av", "pydantic", "rich.console"}


def test_threads_of_a_training_do_not_spin():
    """Where other programs run, a thread that waits in a loop takes the processor from the one that it waits for."""
    code = "import acapella.experiments, torch"
    environment = {**os.environ, "OMP_DISPLAY_ENV": "true"}
    environment.pop("OMP_WAIT_POLICY", None)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert "OMP_WAIT_POLICY = 'PASSIVE'" in run.stderr or "OMP_WAIT_POLICY" not in run.stderr


@pytest.mark.slow
def test_isolate_loads_nothing_heavy(tmp_path):
    make = f"import numpy, soundfile\nsoundfile.write({str(tmp_path / 'song.wav')!r}, numpy.zeros(2000), 8000)\n"
    run = f"import acapella.cli\ntry: acapella.cli.main([{str(tmp_path / 'song.wav')!r}])\nexcept SystemExit: pass"
    assert not loaded_by(make + run) & set(HEAVY)
    assert (tmp_path / "song_vocal.wav").exists()
