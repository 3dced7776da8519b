"""Peak memory of a training on a corpus, and on one ten times the size. Linux only: it reads /proc.

    pip install -e '.[train]'
    python benchmarks/training_memory.py

Measured is anonymous memory (RssAnon), which the system cannot take back as it can cached files. All slices of the
corpus are in play (BATCH_GENERATOR=keras, sliding), which needs more than drawing at random does.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

RATE = 22050
OPTIONS = {
    "BATCH_GENERATOR": "keras",
    "CHECKPOINTS": "weights",
    "CHOPNAME": "sliding",
    "CHOPPARAMS": "{'scale': 128, 'step': 32}",
    "EPOCHS": "1",
    "VALIDATION_TRACKS": "track0000",
}
TRAIN = """
import sys
from pathlib import Path
from acapella import Settings
from acapella.experiments.preparing import open_corpus
from acapella.experiments.training_run import start_model, make_module, fit
from acapella.corpus.tracks import find_tracks, split_tracks

settings = Settings.read(Path(sys.argv[1]))
split = split_tracks(find_tracks(settings.data)[0], settings.split, settings.validation_tracks, settings.test_tracks)
model = start_model(settings)
module = make_module(model, settings, *open_corpus(split, model, settings, print))
steps, real = int(sys.argv[2]), module._batches
print("slices", len(real.slices), file=sys.stderr)
type(real).steps = property(lambda batches: steps)  # an epoch of all slices would take hours
module._validation.slices = module._validation.slices[:8]
fit(module, settings, Path(sys.argv[1]).parent, print)
"""


def write_corpus(folder: Path, tracks: int, seconds: int) -> None:
    """Tracks of noise."""
    random = np.random.default_rng(0)
    folder.mkdir()
    for track in range(tracks):
        vocal, instrumental = random.uniform(-0.4, 0.4, (2, seconds * RATE))
        for part, audio in (("all", vocal + instrumental), ("vocal", vocal), ("instrumental", instrumental)):
            soundfile.write(folder / f"track{track:04}_{part}.wav", audio, RATE)


def peak_of(folder: Path, steps: int) -> float:
    """Peak of anonymous memory, in MB, of a training on `folder`."""
    env = folder / "env"
    options = {**OPTIONS, "DATA": str(folder), "LOG_BASE": str(folder / "logs")}
    env.write_text("".join(f'export {name}="{value}"\n' for name, value in options.items()))
    process = subprocess.Popen([sys.executable, "-c", TRAIN, str(env), str(steps)])
    peak = 0
    while process.poll() is None:
        try:
            status = Path(f"/proc/{process.pid}/status").read_text()
        except FileNotFoundError:
            break
        peak = max([peak, *(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon"))])
        time.sleep(0.05)
    if process.wait():
        sys.exit("The training failed.")
    return peak / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=20, help="of the smaller corpus")
    parser.add_argument("--steps", type=int, default=10, help="batches to train with")
    given = parser.parse_args()
    peaks = []
    for times in (1, 10):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "corpus"
            write_corpus(folder, tracks=5 * times, seconds=12 * given.minutes)
            peaks.append(peak_of(folder, given.steps))
        print(f"{given.minutes * times:5} minutes: peak {peaks[-1]:.0f} MB of anonymous memory", flush=True)
    print(f"ratio {peaks[1] / peaks[0]:.3f}")


if __name__ == "__main__":
    main()
