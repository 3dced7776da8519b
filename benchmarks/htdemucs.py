"""HT-Demucs at work, for `benchmarks/speed.py` and `others.py`: its program with random weights, as with its own.

    python benchmarks/htdemucs.py song.mp3 out
    python benchmarks/htdemucs.py make htdemucs.th                # a checkpoint as it is published, with random weights
    python benchmarks/htdemucs.py song.mp3 out htdemucs.th

In an environment with `demucs` 4.1 and `soundfile`. The sizes are those of the published models (42 million parameters,
residual branches in encoder and decoder), the options those of the command `demucs --two-stems vocals`: one random
shift, a quarter of overlap.
"""

import sys
from fractions import Fraction
from pathlib import Path

import soundfile
import torch
from demucs.apply import apply_model
from demucs.htdemucs import HTDemucs
from demucs.states import get_state, load_model

SOURCES = ["drums", "bass", "other", "vocals"]


def random_model() -> HTDemucs:
    torch.manual_seed(0)
    return HTDemucs(sources=SOURCES, segment=Fraction(39, 5), bottom_channels=512, dconv_mode=3)


def make(path: Path) -> None:
    """Write a checkpoint."""
    model = random_model()
    args, kwargs = model._init_args_kwargs
    state = get_state(model, None, half=True)
    torch.save({"klass": HTDemucs, "args": args, "kwargs": kwargs, "state": state, "training_args": {}}, path)


def separate(song: Path, out: Path, model: HTDemucs) -> None:
    """Write vocals and accompaniment of `song` to `out`."""
    audio, rate = soundfile.read(song, dtype="float32")
    with torch.inference_mode():
        stems = apply_model(model.eval(), torch.from_numpy(audio.T)[None], shifts=1, split=True, overlap=0.25)[0]
    vocals = stems[SOURCES.index("vocals")].numpy().T
    soundfile.write(out / "vocals.wav", vocals, rate)
    soundfile.write(out / "no_vocals.wav", audio - vocals, rate)


def main() -> None:
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]))
    else:
        song, out, *checkpoint = map(Path, sys.argv[1:])
        separate(song, out, load_model(checkpoint[0]) if checkpoint else random_model())


if __name__ == "__main__":
    main()
