"""Wall seconds and peak memory of `acapella` for songs of growing length, made by repeating the example.

    python benchmarks/length.py [--minutes 0.5 3 12]

Linux and macOS. Peak memory is the resident set, the libraries included.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

EXAMPLE = Path(__file__).parents[1] / "examples" / "song.flac"


def measure(minutes: float, folder: Path) -> tuple[float, float]:
    """Wall seconds, and peak memory in MB of all commands so far, for a song of `minutes`."""
    audio, rate = soundfile.read(EXAMPLE, dtype="int16")
    song = folder / "song.wav"
    soundfile.write(song, np.tile(audio, (round(minutes * 60 * rate / len(audio)), 1)), rate)
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "acapella", "--quiet", str(song)], check=True)
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / unit


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, nargs="+", default=[0.5, 3, 12], help="in growing order")
    with tempfile.TemporaryDirectory() as folder:
        for minutes in parser.parse_args().minutes:
            seconds, memory = measure(minutes, Path(folder))
            print(f"{minutes:6.1f} min: {seconds:6.1f} s, peak memory {memory:.0f} MB", flush=True)


if __name__ == "__main__":
    main()
