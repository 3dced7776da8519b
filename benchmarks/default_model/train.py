"""Train one run of plans.py; an interrupted run continues where it was.

    python benchmarks/default_model/train.py WORK free0 [--last-step 2]

WORK is the folder that reproduce.py fills. WORK/runs/NAME receives log.jsonl, last.pt (what continuing needs) and,
every `keep_every` steps, average_STEP.safetensors, the moving average of the weights.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mixtures import Example, Mixer
from plans import PLANS, Plan
from recordings import read_catalogue
from torch import Tensor
from weights import load_network

from acapella.conversion.weight_files import save_weights
from acapella.networks.deep_unet import DeepUNet

WARM_UP = 20  # steps
CLIP = 5.0  # norm of the gradient, at most
FLOOR = 1e-2  # added to the relative error, so that near-silent vocals do not dominate the gradient
MEAN_AMPLITUDE = 2.0


def make_mixer(plan: Plan, work: Path) -> Mixer:
    """Of all recordings that the plan allows."""
    recordings = [
        recording
        for recording in read_catalogue(work / "audio")
        if not recording.held_out
        and (plan.fold < 0 or recording.fold != plan.fold)
        and (recording.free or not plan.free)
    ]
    return Mixer(recordings, work / "audio", work / "masks", plan)


def relative_error(estimate: Tensor, target: np.ndarray, mixture: np.ndarray, bins: int) -> Tensor:
    """Energy of the error of an `estimate` over the mixture's energy, in the lowest `bins`; all (2, BINS, FRAMES).

    `estimate` are amplitudes of the masked mixture, scaled so that the mean of the mixture's is MEAN_AMPLITUDE.

    By Parseval's theorem this is, but for the overlap of windows, the error of waveforms that SDR measures. No mask
    reaches the part of the target that is out of phase with the mixture; it counts all the same.
    """
    available = np.maximum(np.abs(mixture), 1e-9)
    in_phase = (target * mixture.conj()).real / available
    out_of_phase = float(np.sum(np.abs(target[:, :bins]) ** 2) - np.sum(in_phase[:, :bins] ** 2))
    scale = MEAN_AMPLITUDE / float(np.abs(mixture).mean())
    difference = estimate - torch.from_numpy((in_phase * scale).astype(np.float32))
    energy = float(np.sum(np.abs(mixture[:, :bins]) ** 2)) * scale**2
    return (difference[:, :bins].square().sum() + max(out_of_phase, 0.0) * scale**2) / energy


def loss_of(estimate: Tensor, example: Example, teacher: float) -> Tensor:
    """Logarithm of the error, so that every example counts alike, as in a mean of SDRs in dB.

    `teacher` is the weight of the teacher where the true vocals are known, too.
    """

    def log_error(target: np.ndarray) -> Tensor:
        return torch.log(relative_error(estimate, target, example.mixture, example.bins) + FLOOR)

    if example.mask is None:
        assert example.vocals is not None
        return log_error(example.vocals)
    distilled = log_error(example.mask * example.mixture)
    if example.vocals is None:
        return distilled
    return teacher * distilled + (1 - teacher) * log_error(example.vocals)


class Run:
    """The training's state."""

    def __init__(self, plan: Plan, folder: Path, work: Path) -> None:
        self.plan, self.folder = plan, folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.mixer = make_mixer(plan, work)
        self.network = load_network(work / plan.start).train(plan.dropout)
        self.optimizer = torch.optim.Adam(self.network.parameters(), plan.learning_rate, betas=(0.9, 0.99))
        self.average = {name: value.clone() for name, value in self.network.state_dict().items()}
        self.step = 0
        if (folder / "last.pt").exists():
            self._restore(torch.load(folder / "last.pt", weights_only=True))

    def _restore(self, state: dict[str, Any]) -> None:
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average, self.step = state["average"], state["step"]

    def save(self) -> None:
        """Write the averaged weights, and what continuing needs."""
        averaged = DeepUNet(2)
        averaged.load_state_dict(self.average)
        save_weights(averaged, self.folder / f"average_{self.step}.safetensors")
        state = {"network": self.network.state_dict(), "optimizer": self.optimizer.state_dict()}
        torch.save({**state, "average": self.average, "step": self.step}, self.folder / "unfinished.pt")
        (self.folder / "unfinished.pt").rename(self.folder / "last.pt")

    def learning_rate(self) -> float:
        """That of this step."""
        left = (self.plan.steps - self.step) / max(1, self.plan.steps * self.plan.decay)
        return self.plan.learning_rate * min(1.0, (self.step + 1) / WARM_UP, left)

    def make_step(self) -> dict[str, float]:
        """One step; returns what is logged of it."""
        began = time.perf_counter()
        rng = np.random.default_rng([self.plan.seed, self.step])
        torch.manual_seed(int(rng.integers(2**31)))
        examples = [self.mixer.draw(rng) for _ in range(self.plan.batch)]
        amplitudes = [np.abs(each.mixture) * (MEAN_AMPLITUDE / np.abs(each.mixture).mean()) for each in examples]
        batch = torch.from_numpy(np.stack(amplitudes).astype(np.float32))
        drawn = time.perf_counter()
        estimates = self.network(batch)
        losses = torch.stack([loss_of(*each, self.plan.teacher) for each in zip(estimates, examples, strict=True)])
        self.optimizer.zero_grad()
        losses.mean().backward()
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate()
        self.optimizer.step()
        self.step += 1
        self._update_average()
        seconds = {"draw": drawn - began, "seconds": time.perf_counter() - began}
        return {"step": self.step, "loss": float(losses.mean().detach()), "norm": float(norm), **seconds}

    def _update_average(self) -> None:
        """Exponential moving average; in the first steps the mean of all steps."""
        keep = min(self.plan.averaging, self.step / (self.step + 10))
        for name, value in self.network.state_dict().items():
            if value.is_floating_point():
                self.average[name].lerp_(value, 1 - keep)

    def run(self, last_step: int) -> None:
        """All steps that are left up to `last_step`."""
        with (self.folder / "log.jsonl").open("a") as log:
            while self.step < last_step:
                log.write(json.dumps({key: round(value, 4) for key, value in self.make_step().items()}) + "\n")
                log.flush()
                if self.step % self.plan.keep_every == 0 or self.step == last_step:
                    self.save()


def train(work: Path, name: str, last_step: int | None = None) -> None:
    """The run `name` of plans.py, to its end or `last_step`."""
    plan = PLANS[name]
    Run(plan, work / "runs" / name, work).run(plan.last_step if last_step is None else last_step)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("run", choices=PLANS)
    parser.add_argument("--last-step", type=int, help="end before the plan does")
    given = parser.parse_args()
    torch.set_num_threads(1)
    train(given.work, given.run, given.last_step)


if __name__ == "__main__":
    main()
