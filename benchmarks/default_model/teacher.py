"""The masks that Spleeter's two networks find for whole songs, kept as targets for distillation."""

import sys
from pathlib import Path

import numpy as np
import torch
from mixtures import BINS, HANN, HOP, WINDOW
from recordings import read_catalogue

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from spleeter import BINS as TEACHER_BINS
from spleeter import Spleeter

BLOCK = 512  # frames


def write_masks(audio: Path, weights: Path, output: Path, corpora: tuple[str, ...]) -> None:
    """Write OUTPUT/NAME.npy for each song of the `corpora`, if it is not there.

    It is the mask of the vocals, float16 (2, BINS, frames); frame t begins at sample t * HOP. `weights` is the folder
    of Spleeter's weights (benchmarks/spleeter.py).
    """
    teacher = Spleeter(weights)
    output.mkdir(parents=True, exist_ok=True)
    for recording in read_catalogue(audio):
        path = output / f"{recording.name}.npy"
        if recording.corpus not in corpora or recording.kind not in ("song", "unlabelled") or path.exists():
            continue
        mixture = sum(array.astype(np.float32) / 32768 for array in recording.load(audio))
        mask, _ = teacher.masks(amplitudes_of(mixture))
        np.save(path, mask[:, :BINS].astype(np.float16))


def amplitudes_of(audio: np.ndarray) -> np.ndarray:
    """(2, TEACHER_BINS, frames) of `audio` (samples, channels)."""
    stereo = np.repeat(audio.T, 2 // audio.shape[1], axis=0)
    frames = np.lib.stride_tricks.sliding_window_view(np.ascontiguousarray(stereo), WINDOW, axis=-1)[:, ::HOP]
    blocks = [
        np.abs(np.fft.rfft(frames[:, first : first + BLOCK] * HANN, axis=-1)[..., :TEACHER_BINS])
        for first in range(0, frames.shape[1], BLOCK)
    ]
    return np.concatenate(blocks, axis=1).transpose(0, 2, 1).astype(np.float32)


if __name__ == "__main__":
    torch.set_num_threads(1)
    write_masks(*map(Path, sys.argv[1:4]), tuple(sys.argv[4:]))  # AUDIO WEIGHTS OUTPUT CORPUS...
