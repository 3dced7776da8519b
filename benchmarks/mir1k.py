"""Scores on clips of MIR-1K (left: accompaniment, right: voice, mixed at 0 dB by adding the two).

    pip install -e '.[train,analysis]'
    python benchmarks/mir1k.py ../shared/data/mir1k/extra
    python benchmarks/mir1k.py ../shared/data/mir1k/extra --clips 40 --spleeter weights    # see benchmarks/spleeter.py

NSDR is by how much the SDR of BSS Eval v3 ("sources") rises over the mixture taken as the estimate; SIR and SAR are of
the same. GNSDR, GSIR and GSAR are means weighted by the clips' lengths. The clips are taken evenly from the folder,
sorted by name. Reported for the 825 clips of the standard test, voice GNSDR: acapellabot's weights of 2017, with
the mixture's phase 2.1 dB, Spleeter 9.56 dB, Hourglass with 4 stacks (Park 2018) 10.51 dB, an ideal ratio mask 13.1 dB.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from acapella import Isolator
from acapella.audio_files import read_audio
from acapella.metrics.sources import bss_eval_sources, sdr

Isolate = Callable[[np.ndarray, int], dict[str, np.ndarray]]
RATIOS = ("GNSDR", "GSIR", "GSAR")


def score_clip(isolate: Isolate, clip: Path) -> tuple[np.ndarray, int]:
    """NSDR, SIR and SAR in dB, each of voice and accompaniment, (3, 2), and the clip's length in samples."""
    sides, sample_rate = read_audio(clip)
    accompaniment, voice = sides.T
    mixture = accompaniment + voice
    stems = isolate(mixture[:, None], sample_rate)
    truth = np.stack([voice, accompaniment])
    ratios = bss_eval_sources(truth, np.stack([stems["vocal"][:, 0], stems["instrumental"][:, 0]]))
    ratios[0] -= sdr(truth, np.stack([mixture, mixture]))
    return ratios, len(mixture)


def choose_isolate(model: str | None, spleeter: Path | None) -> Isolate:
    """What separates: Spleeter where its weights are named, else a model of ours."""
    if spleeter is None:
        return Isolator.load(model).isolate
    from spleeter import Spleeter

    return Spleeter(spleeter).isolate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clips", type=int, help="how many (default: all)")
    parser.add_argument("--model", help="a model file or a bundled model's name (default: the default model)")
    parser.add_argument("--spleeter", type=Path, help="score Spleeter instead, with the weights in this folder")
    given = parser.parse_args()
    clips = sorted(path for path in given.folder.iterdir() if path.suffix in (".wav", ".flac"))
    if given.clips:
        clips = [clips[place] for place in np.linspace(0, len(clips) - 1, given.clips).round().astype(int)]
    isolate = choose_isolate(given.model, given.spleeter)
    scores, lengths = [], []
    for clip in clips:
        score, length = score_clip(isolate, clip)
        scores.append(score)
        lengths.append(length)
        print(f"{clip.stem:20} NSDR: voice {score[0, 0]:6.2f} dB   accompaniment {score[0, 1]:6.2f} dB", flush=True)
    means, weighted = np.mean(scores, axis=0), np.average(scores, axis=0, weights=lengths)
    for stem, name in enumerate(("voice", "accompaniment")):
        ratios = ", ".join(f"{ratio} {weighted[row, stem]:.2f} dB" for row, ratio in enumerate(RATIOS))
        print(f"{len(clips)} clips, {name}: mean NSDR {means[0, stem]:.2f} dB, {ratios}")


if __name__ == "__main__":
    main()
