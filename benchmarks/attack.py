"""Mutated audio files by the thousand: `python benchmarks/attack.py --seed 1 --count 20000`.

Tries what tests/hostile/test_mutated_audio.py tries a little of: each case ends within LIMIT seconds with samples, or
with a sentence that names the file. What falls short is printed with the case's number, and the exit code is 1.
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

import soundfile

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.audio_files.sounds import RATE, encode, music
from tests.hostile.test_mutated_audio import CONTAINERS, FORMATS, mutated

from acapella.audio_files import read_audio
from acapella.errors import AudioFileError

LIMIT = 20.0  # seconds


def seeds(folder: Path) -> list[Path]:
    files = []
    for kind in [*FORMATS, *CONTAINERS]:
        files.append(folder / f"seed.{kind.lower()}")
        if kind in FORMATS:
            soundfile.write(files[-1], music(22050), RATE, format=kind)
        else:
            encode(files[-1], CONTAINERS[kind], music(22050))
    return files


def shortcoming(path: Path) -> str | None:
    start = time.monotonic()
    try:
        read_audio(path)
    except AudioFileError as error:
        if not str(error).startswith(f"{path}: "):
            return f"unnamed: {error}"
    except Exception as error:  # noqa: BLE001
        return f"{type(error).__name__}: {error}"
    return "slow" if time.monotonic() - start > LIMIT else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1000)
    given = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        files = seeds(Path(name))
        for number in range(given.count):
            rng, source = random.Random(f"{given.seed}/{number}"), files[number % len(files)]
            content = source.read_bytes()
            for _ in range(rng.choice((1, 1, 2, 4))):
                content = mutated(content or b"\0", rng)
            path = Path(name) / f"case{number}{source.suffix}"
            path.write_bytes(content)
            if found := shortcoming(path):
                failed += 1
                print(number, source.suffix, found, flush=True)
            path.unlink()
    print(f"{given.count} tried, {failed} fell short")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
