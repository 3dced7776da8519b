"""Mutated model, weight, settings, grid and journal files: `python benchmarks/attack_models.py --seed 1 --count 1000`.

Each case ends within LIMIT seconds as it should, or as a sentence of bounded length; sentences about model files name
them. What falls short is printed with the case's number and kept in the folder that is named, and the exit code is 1.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.hostile.test_mutated_audio import mutated
from tests.onnx_models import write_delay_model, write_gain_model, write_wave_model

from acapella import Isolator, Settings
from acapella.conversion.weight_files import load_weights, save_weights
from acapella.errors import AcapellaError
from acapella.experiments.grid import Grid, read_grid
from acapella.experiments.study import Plan, open_study
from acapella.models.model_file import bundled_models
from acapella.networks import build_network
from acapella.settings.option_types import ModelParams

LIMIT = 20.0  # seconds
LONGEST = 2000  # characters of a sentence
NOISE = np.random.default_rng(0).uniform(-0.3, 0.3, (4000, 2)).astype(np.float32)
NETWORK = build_network("leaky_dropout", 1, 33, ModelParams(), signed=False)
PLAN = Plan(Grid("mine", {"OPTIMIZER": ("adam", "rmsprop")}), {})


def use_model(path: Path) -> None:
    Isolator.load(path, threads=1).isolate(NOISE, 8000)


def use_journal(path: Path) -> None:
    folder = path.with_suffix(".study")
    (folder / "search").mkdir(parents=True)
    shutil.copy(path, folder / "search/journal.log")
    try:
        with open_study(folder, PLAN) as study:
            study.claim()
    finally:
        shutil.rmtree(folder)


def seeds(folder: Path) -> list[tuple[Path, Callable[[Path], object]]]:
    models = [write_gain_model(folder / "gain.onnx"), write_delay_model(folder / "delay.onnx", 5)]
    models.append(write_wave_model(folder / "wave.onnx"))
    models.append(Path(shutil.copy(next(iter(bundled_models().values())), folder / "bundled.onnx")))
    weights = save_weights(NETWORK, folder / "weights.h5")
    (folder / "settings.env").write_text(Settings().as_env())
    grid = "chopname: [tile, full]\nchopparams:\n  - {scale: 16, step: 8}\nseed: [1, 2]\nrepeat: 2\n"
    (folder / "grid.yml").write_text(grid)
    with open_study(folder / "study", PLAN) as study:
        study.claim()
        study.succeed([{"epoch": 1, "loss": 1.0}], "folder")
    shutil.copy(folder / "study/search/journal.log", folder / "journal.log")
    return [
        *((model, use_model) for model in models),
        (weights, lambda path: load_weights(NETWORK, path)),
        (folder / "settings.env", Settings.read),
        (folder / "grid.yml", read_grid),
        (folder / "journal.log", use_journal),
    ]


def shortcoming(path: Path, use: Callable[[Path], object]) -> str | None:
    start = time.monotonic()
    try:
        use(path)
    except AcapellaError as error:
        if len(str(error)) > LONGEST or (use is use_model and path.name not in str(error)):
            return f"sentence: {str(error)[:300]}"
    except Exception as error:  # noqa: BLE001
        return f"{type(error).__name__}: {str(error)[:300]}"
    return "slow" if time.monotonic() - start > LIMIT else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1000)
    given = parser.parse_args()
    kept, failed = Path(tempfile.gettempdir()) / "attack_models", 0
    with tempfile.TemporaryDirectory() as name:
        files = seeds(Path(name))
        for number in range(given.count):
            rng = random.Random(f"{given.seed}/{number}")
            source, use = files[number % len(files)]
            content = source.read_bytes()
            for _ in range(rng.choice((1, 1, 2, 4))):
                content = mutated(content or b"\0", rng)
            path = Path(name) / f"case{number}{source.suffix}"
            path.write_bytes(content)
            if found := shortcoming(path, use):
                failed += 1
                kept.mkdir(exist_ok=True)
                shutil.copy(path, kept / f"{given.seed}_{path.name}")
                print(number, source.name, found, flush=True)
            path.unlink()
    print(f"{given.count} tried, {failed} fell short" + (f"; they are in {kept}" if failed else ""))
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
