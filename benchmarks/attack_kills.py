"""Commands that are killed at random times: `python benchmarks/attack_kills.py --seed 1 --count 500`.

Each time, one of COMMANDS gets SIGINT, SIGTERM or SIGKILL, alone or with its group, at some moment of the time that it
usually takes. It must end within GRACE seconds without a traceback, and leave no process and no half-written file;
after SIGKILL, temporary ones stay until the command runs again. What falls short is printed; the exit code is 1 then.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

GRACE = 20.0  # seconds
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
SONG, TRACK = 20 * 44100, 2 * 16000  # samples
TINY = {"SAMPLE_RATE": "8000", "FFT": "64", "BATCH": "2", "EPOCHS": "2", "EPOCH_STEPS": "20", "NORMALIZER": "dummy"}
SETTINGS = {**TINY, "CHOPPARAMS": "{'scale': 16, 'step': 8}", "DATA": "corpus", "QUIT": "True"}
COMMANDS = {
    "isolate": "isolate a.wav b.wav -o out",
    "isolate -j 2": "isolate a.wav b.wav -o out -j 2 --format flac",
    "isolate mp3": "isolate a.wav b.wav -o out --format mp3",
    "prepare": "prepare stems set out",
    "evaluate": "evaluate --data corpus --metrics usdr -o out",
    "train": "train",
    "search": "search grid.yml",
}


def make_files(folder: Path) -> None:
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, (SONG, 2))
    for song in ("a", "b"):
        soundfile.write(folder / f"{song}.wav", noise, 44100)
    for name in ("set/one", "set/two", "corpus"):
        (folder / name).mkdir(parents=True)
    for part in ("vocals", "drums", "other"):
        for song in ("one", "two"):
            soundfile.write(folder / f"set/{song}/{part}.wav", noise, 44100)
    for track in range(3):
        for part in ("all", "vocal", "instrumental"):
            soundfile.write(folder / f"corpus/{track}_{part}.wav", noise[:TRACK], 16000)
    (folder / "grid.yml").write_text("optimizer: [adam, rmsprop]\n")


def clear(folder: Path) -> None:
    for name in ("out", "logs"):
        shutil.rmtree(folder / name, ignore_errors=True)


def half_written(folder: Path) -> list[str]:
    """Files under a final name that are not whole."""
    files = [path for name in ("out", "logs") for path in (folder / name).rglob("*") if path.is_file()]
    return [str(path) for path in files if not path.name.startswith(".") and not _is_whole(path)]


def _is_whole(path: Path) -> bool:
    try:
        if path.suffix in (".wav", ".flac", ".mp3"):
            return len(soundfile.read(path)[0]) == SONG
        if path.suffix == ".json":
            json.loads(path.read_text())
        return path.suffix != ".png" or path.read_bytes()[-8:-4] == b"IEND"
    except (soundfile.SoundFileError, ValueError):
        return False


def killed(
    words: str, folder: Path, wait: float, number: int, *, group: bool
) -> tuple[subprocess.Popen[bytes], str, list[str]]:
    """Run a command and signal it after `wait` seconds, if it still runs; what it said, and what fell short."""
    process = subprocess.Popen(
        [sys.executable, "-m", "acapella", *words.split()],
        cwd=folder,
        env={**os.environ, **SETTINGS},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    found = []
    try:
        said, _ = process.communicate(timeout=wait)
    except subprocess.TimeoutExpired:
        (os.killpg if group else os.kill)(process.pid, number)
        try:
            said, _ = process.communicate(timeout=GRACE)
        except subprocess.TimeoutExpired:
            found.append(f"it, or a process of its, lives {GRACE:g} s later")
            os.killpg(process.pid, signal.SIGKILL)
            said, _ = process.communicate()
    return process, said.decode(errors="replace"), found


def shortcomings(words: str, folder: Path, usual: float, rng: random.Random) -> list[str]:
    number, wait = rng.choice(SIGNALS), rng.uniform(0, usual)
    process, said, found = killed(words, folder, wait, number, group=rng.random() < 0.5)
    if "Traceback" in said:
        found.append("traceback: " + said.strip().splitlines()[-1][:150])
    if process.returncode not in (0, 130, -number):
        found.append(f"exit {process.returncode}: {said.strip()[-150:]}")
    if left := [path.name for path in folder.rglob("*.partial-*") if number != signal.SIGKILL]:
        found.append(f"left {left[:3]}")
    if broken := half_written(folder):
        found.append(f"half-written {broken[:3]}")
    return [f"{signal.Signals(number).name} after {wait:.2f} s: {one}" for one in found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=70)
    given = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder, rng = Path(name), random.Random(given.seed)
        make_files(folder)
        for index, (title, words) in enumerate(COMMANDS.items()):
            start = time.monotonic()
            process, said, _ = killed(words, folder, 600, signal.SIGKILL, group=True)
            if process.returncode:
                sys.exit(f"{title}: {said}")
            usual = time.monotonic() - start
            for number in range(given.count // len(COMMANDS) + (index < given.count % len(COMMANDS))):
                clear(folder)
                for found in shortcomings(words, folder, usual, rng):
                    failed += 1
                    print(f"{title} {number}: {found}", flush=True)
            print(f"{title}: {usual:.1f} s", flush=True)
    print(f"{given.count} kills, {failed} fell short")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
