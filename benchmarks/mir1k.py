"""Voice NSDR of a model on clips of MIR-1K (left: accompaniment, right: voice, mixed at 0 dB by adding the two).

    pip install -e '.[analysis]'
    python benchmarks/mir1k.py ../shared/data/mir1k/extra --clips 40

NSDR is by how much the SDR of BSS Eval v3 ("sources") rises over the mixture taken as the estimate. Printed are its
mean over the clips and GNSDR, the mean weighted by the clips' lengths. The clips are taken evenly from the folder,
sorted by name. As points of reference, reported for the 825 clips of the standard test: acapellabot's published weights
(2017) with the mixture's phase 2.1 dB, an ideal ratio mask 13.1 dB.
"""

import argparse
from pathlib import Path

import numpy as np

from acapella import Isolator
from acapella.audio_files import read_audio
from acapella.metrics import nsdr


def score_clip(isolator: Isolator, clip: Path) -> tuple[np.ndarray, int]:
    """NSDR in dB of voice and accompaniment, and the clip's length in samples."""
    sides, sample_rate = read_audio(clip)
    accompaniment, voice = sides.T
    mixture = accompaniment + voice
    stems = isolator.isolate(mixture, sample_rate)
    truth, estimate = np.stack([voice, accompaniment]), np.stack([stems["vocal"], stems["instrumental"]])
    return nsdr(truth, estimate, mixture), len(mixture)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clips", type=int, help="how many (default: all)")
    parser.add_argument("--model", help="a model file or a bundled model's name (default: the default model)")
    arguments = parser.parse_args()
    clips = sorted(path for path in arguments.folder.iterdir() if path.suffix in (".wav", ".flac"))
    if arguments.clips:
        clips = [clips[place] for place in np.linspace(0, len(clips) - 1, arguments.clips).round().astype(int)]
    isolator = Isolator.load(arguments.model)
    scores, lengths = [], []
    for clip in clips:
        score, length = score_clip(isolator, clip)
        scores.append(score)
        lengths.append(length)
        print(f"{clip.stem:20} voice {score[0]:6.2f} dB   accompaniment {score[1]:6.2f} dB", flush=True)
    mean, weighted = np.mean(scores, axis=0), np.average(scores, axis=0, weights=lengths)
    print(f"{len(clips)} clips, voice:         NSDR {mean[0]:.2f} dB, GNSDR {weighted[0]:.2f} dB")
    print(f"{len(clips)} clips, accompaniment: NSDR {mean[1]:.2f} dB, GNSDR {weighted[1]:.2f} dB")


if __name__ == "__main__":
    main()
