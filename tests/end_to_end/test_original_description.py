"""Every command in the original's description, in its order, on a small corpus, and what each leaves behind."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.made import clicks, tone, write_corpus

ROOT = Path(__file__).parents[2]
RATE = 8000
TINY = {
    "DATA": "corpus",
    "FFT": "128",
    "SAMPLE_RATE": str(RATE),
    "BATCH": "4",
    "CHOPPARAMS": "{'scale': 16}",
    "EPOCH_STEPS": "8",
    "EPOCHS": "1",
    "VALIDATION_TRACKS": "track1",
    "TEST_TRACKS": "track2",
    "ANALYSIS_PATH": "results",
}
GRID = "chopname: [tile, full]\nMODEL_PARAMS:\n  - {alpha1: 0, alpha2: 0, rate: 0}\nrepeat: 1\n"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["lps", "ri"])
def place(request, tmp_path_factory):
    """A folder with a corpus, a song and its stems, after `source envs/…` and `python3 vocal_isolation.py`."""
    folder = tmp_path_factory.mktemp(request.param)
    write_corpus(folder / "corpus", tracks=3, seconds=2.5)
    vocal, instrumental = tone(500, 2.5, RATE), clicks(2.5, np.random.default_rng(5))
    for name, audio in (("myfile", vocal + instrumental), ("myfile_vocal", vocal), ("cleanfile", vocal)):
        soundfile.write(folder / f"{name}.wav", audio, RATE)
    soundfile.write(folder / "myfile_instrumental.wav", instrumental, RATE)
    (folder / "myconfig.yml").write_text(GRID)
    run(folder, request.param, "vocal_isolation.py")
    return folder, request.param


def run(folder: Path, preset: str, *words: str, **variables: str) -> str:
    """What `source envs/PRESET` and then `python3 WORDS` print."""
    script, *arguments = words
    line = f'source {ROOT}/envs/{preset} && export "${{@:2}}" && {sys.executable} {ROOT / script} $1'
    given = [f"{name}={value}" for name, value in {**TINY, **variables}.items()]
    done = subprocess.run(
        ["bash", "-c", line, "bash", " ".join(arguments), *given],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name not in TINY},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_training_leaves_its_execution_logs_and_weights(place):
    folder, preset = place
    last = folder / "logs/last"
    assert (last / f"weights/weights_{preset}.hdf5").is_file()
    assert list(last.glob("tensorboard/events*"))
    assert f'export LEARN_PHASE="{preset == "ri"}"' in (last / "env").read_text()


def test_inference(place):
    folder, preset = place
    soundfile.write(folder / "filetoinfer.wav", tone(500, 1, 44100, 2), 44100)
    run(folder, preset, "vocal_isolation.py", "filetoinfer.wav", INFERENCE_SLICE="40")
    for stem in ("vocal", "instrumental"):
        assert soundfile.info(folder / f"filetoinfer_{stem}.wav").frames == 44100
    assert (folder / "filetoinfer.png").is_file()


@pytest.mark.parametrize("place", ["lps"], indirect=True)
def test_grid_search_with_a_file(place):
    folder, preset = place
    run(folder, preset, "grid_search.py", "myconfig.yml", LOG_BASE="./grid")
    rows = [line for line in (folder / "grid/result.md").read_text().splitlines() if line.startswith("|")]
    assert len(rows) == 2 + 2
    assert (folder / "grid/benchmark-loss.png").is_file()
    assert len(list((folder / "grid").glob("[0-9]*/weights/*.hdf5"))) == 2


@pytest.mark.parametrize("place", ["lps"], indirect=True)
def test_grid_search_without_a_file_takes_the_default(place):
    folder, preset = place
    (folder / "grid_search.yml").write_text("epochs: [1]\n")
    run(folder, preset, "grid_search.py", LOG_BASE="./default")
    assert len(list((folder / "default").glob("[0-9]*/weights/*.hdf5"))) == 1


@pytest.mark.parametrize(
    ("words", "stem"),
    [
        ("-a stoi -s myfile.wav", "stoi_myfile_*"),
        ("-a stoi -s myfile.wav cleanfile.wav", "stoi_myfile_cleanfile_*"),
        ("-a percentile -s", "percentile_*"),
        ("-a mse -s", "mse_tracks_*"),
        ("-a mse -s myfile.wav cleanfile.wav", "mse_myfile_cleanfile_*"),
        ("-a volume -s myfile.wav", "volume_myfile_*"),
        ("--analyse distribution --save", "distribution_*"),
    ],
)
def test_an_analysis(place, words, stem):
    folder, preset = place
    printed = run(folder, preset, "analysis.py", *words.split())
    assert any(character.isdigit() for character in printed)
    assert list((folder / "results").glob(f"{stem}{preset}.png"))
    assert list((folder / "results").glob(f"{stem}{preset}.h5"))
