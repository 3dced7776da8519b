"""How long a training will take, said before its first epoch."""

import copy
import time
from dataclasses import dataclass

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback

from acapella.training.events import Note, TrainingListener
from acapella.training.module import Isolation

FEWEST = 30  # batches of a training that is worth an estimate
TIMES = 2  # so many batches are timed, after one that only warms up
DAY = 24 * 3600.0
REMEDIES = "fewer EPOCHS or EPOCH_STEPS, a smaller MODEL (envs/small), a GPU, or PRECISION=bfloat16 shorten it"


@dataclass(frozen=True)
class Estimate:
    """Seconds that a batch takes, and the validation after an epoch, without the SDR of whole tracks."""

    batch: float
    validation: float


class TimeEstimate(Callback):
    """Tells a listener how long the training will take, by some batches that a copy of the network learns from."""

    def __init__(self, listen: TrainingListener) -> None:
        self._listen = listen

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Time a few batches; the network, and what it will learn, stay as they are."""
        assert isinstance(pl_module, Isolation)
        epochs = (trainer.max_epochs or 0) - trainer.current_epoch
        batches = epochs * pl_module.batches - (trainer.global_step - trainer.current_epoch * pl_module.batches)
        if batches < FEWEST or not trainer.is_global_zero:
            return
        with torch.random.fork_rng(), trainer.precision_plugin.train_step_context():
            found = measure(pl_module)
        text, seconds = f"{found.batch:.2g} s a batch", batches * found.batch + epochs * found.validation
        if found.validation:
            text += f" and {spoken(found.validation)} to validate"
        self._listen(
            Note(f"This will take about {spoken(seconds)} for {epochs} epochs of {pl_module.batches} batches: {text}.")
        )
        if seconds > DAY:
            self._listen(Note(f"That is more than a day; {REMEDIES}."))


def measure(module: Isolation) -> Estimate:
    """Time batches, loading included, and a batch of validation slices."""
    network = copy.deepcopy(module.network)
    began = time.perf_counter()
    for number in range(TIMES + 1):
        if number == 1:
            began = time.perf_counter()
        module.rehearse(network, number)
    batch = (time.perf_counter() - began) / TIMES
    if not module.is_validated:
        return Estimate(batch, 0.0)
    began = time.perf_counter()
    module.rehearse_validation(network)
    return Estimate(batch, (time.perf_counter() - began) * module.validation_batches)


def spoken(seconds: float) -> str:
    """A length of time in the two units that matter: 45 s, 12 min, 3 h 20 min, 2 days 5 h."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest} min"
    return f"{hours // 24} days {hours % 24} h"
