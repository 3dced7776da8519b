"""SI-SDR on the example song: the mixture taken as the estimate, and what a model makes of it.

python benchmarks/example.py [--model FILE]
"""

import argparse
from pathlib import Path

from acapella import Isolator
from acapella.audio_files import read_audio
from acapella.metrics import si_sdr

EXAMPLES = Path(__file__).parents[1] / "examples"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="a model file or a bundled model's name (default: the default model)")
    arguments = parser.parse_args()
    mixture, sample_rate = read_audio(EXAMPLES / "song.flac")
    stems = Isolator.load(arguments.model).isolate(mixture, sample_rate)
    for stem, estimate in stems.items():
        truth, _ = read_audio(EXAMPLES / "stems" / f"{stem}.flac")
        before, after = si_sdr(truth, mixture), si_sdr(truth, estimate)
        print(f"{stem:13} SI-SDR: mixture {before:6.2f} dB, separated {after:6.2f} dB, gain {after - before:+.2f} dB")


if __name__ == "__main__":
    main()
