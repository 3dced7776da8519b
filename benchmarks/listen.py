"""Spectrograms of one track to look at: mixture, true vocals, and the vocals of a model and of Spleeter.

    python benchmarks/listen.py corpus "Music Delta - Gospel" --spleeter weights -o docs/pictures/gospel.png

See benchmarks/quality.py for how corpus and weights are made. Look for grids, seams and missing bands.
"""

import argparse
from pathlib import Path

import numpy as np

from acapella import Isolator
from acapella.audio_files import read_audio
from acapella.corpus.tracks import find_tracks
from acapella.dsp.stft import STFT
from acapella.pictures import drawing
from spleeter import Spleeter


def levels(audio: np.ndarray) -> np.ndarray:
    """Level in dB (bins, frames) of the mean of all channels of `audio` (samples, channels)."""
    stft = STFT(2048)
    amplitude = np.abs(stft.forward(np.ascontiguousarray(audio.mean(axis=1)[None], np.float32))[0])
    return 20 * np.log10(np.maximum(amplitude / (stft.window.sum() / 2), 1e-6))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("track", help="a part of its name")
    parser.add_argument("--model", help="a model file or a bundled model's name (default: the default model)")
    parser.add_argument("--spleeter", type=Path, required=True, help="folder with Spleeter's weights")
    parser.add_argument("-o", "--output", type=Path, required=True)
    given = parser.parse_args()
    track = next(track for track in find_tracks(given.corpus)[0] if given.track in track.name)
    mixture, rate = read_audio(track.files["all"])
    panels = {
        "Mixture": mixture,
        "True vocals": read_audio(track.files["vocal"])[0],
        "Vocals, Acapella": Isolator.load(given.model).isolate(mixture, rate)["vocal"],
        "Vocals, Spleeter": Spleeter(given.spleeter).isolate(mixture, rate)["vocal"],
    }
    extent = (0, len(mixture) / rate, 0, rate / 2000)
    with drawing(given.output, 12, 9) as figure:
        all_axes = figure.subplots(2, 2, sharex=True, sharey=True)
        for axes, (title, audio) in zip(all_axes.flat, panels.items(), strict=True):
            image = axes.imshow(
                levels(audio), origin="lower", aspect="auto", cmap="magma", extent=extent, vmin=-90, vmax=-10
            )
            axes.set(title=title, xlabel="Time (s)", ylabel="Frequency (kHz)")
            axes.label_outer()
        figure.suptitle(track.name)
        figure.colorbar(image, ax=all_axes, label="Level (dB)")


if __name__ == "__main__":
    main()
