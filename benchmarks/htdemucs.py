"""HT-Demucs at work, for `benchmarks/speed.py`: its program with random weights, as it would run with its own.

    python benchmarks/htdemucs.py song.mp3 out

In an environment with `demucs` 4.1 and `soundfile`. The sizes are those of the published model "htdemucs" (42 million
parameters), the options those of the command `demucs --two-stems vocals`: one random shift, a quarter of overlap.
"""

import sys
from fractions import Fraction
from pathlib import Path

import soundfile
import torch
from demucs.apply import apply_model
from demucs.htdemucs import HTDemucs


def main() -> None:
    song, out = map(Path, sys.argv[1:3])
    sources = ["drums", "bass", "other", "vocals"]
    model = HTDemucs(sources, segment=Fraction(39, 5), bottom_channels=512).eval()
    audio, rate = soundfile.read(song, dtype="float32")
    with torch.inference_mode():
        stems = apply_model(model, torch.from_numpy(audio.T)[None], shifts=1, split=True, overlap=0.25)[0]
    vocals = stems[sources.index("vocals")].numpy().T
    soundfile.write(out / "vocals.wav", vocals, rate)
    soundfile.write(out / "no_vocals.wav", audio - vocals, rate)


if __name__ == "__main__":
    main()
