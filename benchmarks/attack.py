"""Mutated audio files by the thousand: `python benchmarks/attack.py --seed 1 --count 20000`.

Tries what tests/hostile/test_mutated_audio.py tries a little of: each case ends within LIMIT seconds and MEMORY with
whole stems, or with a sentence that names the file and nothing written. What falls short is printed with the case's
number, and the exit code is 1; what hangs ends the program with a traceback that says where.
"""

import argparse
import faulthandler
import random
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import soundfile

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.audio_files.sounds import RATE, encode, music
from tests.hostile.test_mutated_audio import CONTAINERS, FORMATS, mutated
from tests.onnx_models import write_gain_model

from acapella import Isolator
from acapella.audio_files import read_audio
from acapella.errors import AudioFileError

LIMIT = 20.0  # seconds
MEMORY = 1 << 30  # bytes that the whole process may take
KILOBYTE = 1 if sys.platform == "darwin" else 1024  # bytes that the system counts memory in
STEP = 2.1 / 2**15  # twice half a step of 16 bit for each of two stems


def seeds(folder: Path) -> list[Path]:
    files = []
    for kind in [*FORMATS, *CONTAINERS]:
        files.append(folder / f"seed.{kind.lower()}")
        if kind in FORMATS:
            soundfile.write(files[-1], music(22050), RATE, format=kind)
        else:
            encode(files[-1], CONTAINERS[kind], music(22050))
    return files


def shortcoming(isolator: Isolator, path: Path, out: Path) -> str | None:
    start = time.monotonic()
    faulthandler.dump_traceback_later(3 * LIMIT, exit=True)
    try:
        stems = isolator.isolate_file(path, out)
        if fault := _difference(path, stems):
            return fault
    except AudioFileError as error:
        if not str(error).startswith((f"{path}: ", f"{out}/")):
            return f"unnamed: {error}"
        if out.exists() and any(out.iterdir()):
            return f"left: {sorted(file.name for file in out.iterdir())}"
    except Exception as error:  # noqa: BLE001
        return f"{type(error).__name__}: {error}"
    finally:
        faulthandler.cancel_dump_traceback_later()
        shutil.rmtree(out, ignore_errors=True)
    if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KILOBYTE > MEMORY:
        return "memory"
    return "slow" if time.monotonic() - start > LIMIT else None


def _difference(path: Path, stems: Mapping[str, Path]) -> str | None:
    """What is wrong with the stems of a song that could be read."""
    mixture, rate = read_audio(path)
    audio = [read_audio(stem) for stem in stems.values()]
    if len(audio) != 2 or any((len(one), found) != (len(mixture), rate) for one, found in audio):
        return f"stems of {[len(one) for one, _ in audio]} samples, of {len(mixture)}"
    error = abs(audio[0][0] + audio[1][0] - mixture).max()
    return f"the sum differs by {error:.2g}" if error > STEP and abs(mixture).max() <= 0.5 else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1000)
    given = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        files = seeds(Path(name))
        isolator = Isolator.load(write_gain_model(Path(name) / "half.onnx", representation="ri"), threads=1)
        for number in range(given.count):
            rng, source = random.Random(f"{given.seed}/{number}"), files[number % len(files)]
            content = source.read_bytes()
            for _ in range(rng.choice((1, 1, 2, 4))):
                content = mutated(content or b"\0", rng)
            path = Path(name) / f"case{number}{source.suffix}"
            path.write_bytes(content)
            if found := shortcoming(isolator, path, Path(name) / "out"):
                failed += 1
                print(number, source.suffix, found, flush=True)
            path.unlink()
    print(f"{given.count} tried, {failed} fell short")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
