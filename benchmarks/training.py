"""Training speed of `leaky_dropout` here and of the same network in Keras, in one run, on this machine.

    pip install -e '.[train]'
    python3 -m venv keras && keras/bin/pip install keras tensorflow-cpu    # an environment of its own
    python benchmarks/training.py --keras keras/bin/python

Both train on real and imaginary parts, slices of 256 x 256, batches of 8, dropout 0.1, Adam, mean squared error. Ours
includes cutting the slices from audio on disk and their STFT; Keras is handed a batch that is in memory. The two take
turns, so that what else the machine does meets both; printed are medians and bests of all turns. Without --keras only
ours is measured. `--backend jax` measures Keras on JAX (pip install jax), `--precision bfloat16` both in bfloat16.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BATCH, SCALE, RATE = 8, 256, 0.1

KERAS = f"""
import os, sys, time
backend, precision, steps = sys.argv[1], sys.argv[2], int(sys.argv[3])
os.environ["KERAS_BACKEND"] = backend
import keras
import numpy as np
from keras import layers

if precision == "bfloat16":
    keras.mixed_precision.set_global_policy("mixed_bfloat16")

def block(x, filters, kernel=3, slope=0.1, stride=1, normalized=False):
    x = layers.Conv2D(filters, kernel, strides=stride, padding="same", use_bias=not normalized)(x)
    x = layers.Dropout({RATE})(layers.LeakyReLU(negative_slope=slope)(x))
    return layers.BatchNormalization()(x) if normalized else x

mixture = layers.Input(({SCALE}, {SCALE}, 2))
full = block(layers.Dropout({RATE})(mixture), 64)
half = block(block(full, 64, 4, stride=2, normalized=True), 64)
x = block(block(block(half, 64, 4, stride=2, normalized=True), 128), 128, normalized=True)
x = layers.Concatenate()([layers.UpSampling2D(2)(x), half])
x = block(block(x, 64), 64, normalized=True)
x = layers.Concatenate()([layers.UpSampling2D(2)(x), full])
for filters in (64, 64, 32):
    x = block(x, filters, slope=0.01)
model = keras.Model(mixture, layers.Conv2D(2, 3, padding="same", dtype="float32")(x))
model.compile("adam", "mse")
random = np.random.default_rng(0)
batch = [random.standard_normal(({BATCH}, {SCALE}, {SCALE}, 2), dtype=np.float32) for _ in range(2)]
model.train_on_batch(*batch)
for line in sys.stdin:
    start = time.perf_counter()
    for _ in range(steps):
        model.train_on_batch(*batch)
    print({BATCH} * steps / (time.perf_counter() - start), flush=True)
"""


class Keras:
    """The network in Keras, in a process of its own that trains when it is asked to."""

    def __init__(self, python: str, backend: str, precision: str, steps: int) -> None:
        words = [python, "-c", KERAS, backend, precision, str(steps)]
        self._process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def turn(self) -> float:
        """Samples per second over some steps."""
        assert self._process.stdin
        assert self._process.stdout
        print("go", file=self._process.stdin, flush=True)
        return float(self._process.stdout.readline())


class Ours:
    """The parts of a training, in the order of the loop."""

    def __init__(self, folder: Path, precision: str, steps: int) -> None:
        import torch

        from acapella import Settings, SpectralFrontEnd
        from acapella.corpus.cache import Cache
        from acapella.corpus.examples import TrackExamples
        from acapella.corpus.tracks import find_tracks
        from acapella.process_memory import keep_freed_memory
        from acapella.training.batches import Batches
        from acapella.training.loop import start_model
        from acapella.training.optimizers import build_optimizer

        keep_freed_memory()
        settings = Settings(batch=BATCH, chopparams={"scale": SCALE}, model_params={"rate": RATE})
        front_end = SpectralFrontEnd.from_settings(settings)
        cache = Cache(folder / "cache", front_end)
        tracks = [TrackExamples.open(track, cache, front_end) for track in find_tracks(folder)[0]]
        self._batches = Batches(tracks, settings)
        self._network = start_model(settings).network.to(memory_format=torch.channels_last)
        self._optimizer, _ = build_optimizer("adam", self._network.parameters(), settings.optimizer_params)
        self._autocast = torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16")
        self._steps = steps
        self._step(0)

    def turn(self) -> float:
        """Samples per second over some steps."""
        start = time.perf_counter()
        for step in range(self._steps):
            self._step(step)
        return BATCH * self._steps / (time.perf_counter() - start)

    def _step(self, step: int) -> None:
        import torch

        from acapella.training.losses import mean_squared_error

        mixture, target = self._batches.load(0, step)
        with self._autocast:
            prediction = self._network(mixture.to(memory_format=torch.channels_last))
        self._optimizer.zero_grad()
        mean_squared_error(prediction.float(), target).backward()
        self._optimizer.step()


def write_corpus(folder: Path) -> None:
    """Two tracks of a minute of noise."""
    import numpy as np
    import soundfile

    random = np.random.default_rng(0)
    for track in range(2):
        vocal, instrumental = random.uniform(-0.4, 0.4, (2, 60 * 22050))
        for part, audio in (("all", vocal + instrumental), ("vocal", vocal), ("instrumental", instrumental)):
            soundfile.write(folder / f"track{track}_{part}.wav", audio, 22050)


def report(name: str, speeds: list[float]) -> float:
    """Print median and best; returns the median."""
    median = statistics.median(speeds)
    print(f"{name:28} median {median:5.2f}   best {max(speeds):5.2f} samples/s")
    return median


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keras", help="the Python of an environment with Keras")
    parser.add_argument("--backend", default="tensorflow", choices=["tensorflow", "jax"])
    parser.add_argument("--precision", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--steps", type=int, default=2, help="in a turn")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        write_corpus(Path(name))
        systems = {"Acapella": Ours(Path(name), given.precision, given.steps)}
        if given.keras:
            systems[f"Keras, {given.backend}"] = Keras(given.keras, given.backend, given.precision, given.steps)
        speeds: dict[str, list[float]] = {system: [] for system in systems}
        for _ in range(given.turns):
            for system, runner in systems.items():
                speeds[system].append(runner.turn())
    print(f"{os.cpu_count()} CPUs, {given.precision}, Python {sys.version.split()[0]}")
    medians = [report(system, found) for system, found in speeds.items()]
    if given.keras:
        print(f"Acapella / Keras: {medians[0] / medians[1]:.2f}")


if __name__ == "__main__":
    main()
