"""What lets a training be stopped and go on as if it had not been."""

import signal
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Checkpoint

from acapella.errors import ModelFileError
from acapella.training.events import Saved, TrainingListener
from acapella.training.ranks import largest, this_rank
from acapella.whole_files import atomic_write

RESUME_NAME = "resume.ckpt"
SAVE_EVERY = 300.0  # seconds of training that a killed process may lose


def check_resume_point(path: Path, module: pl.LightningModule) -> None:
    """ModelFileError unless the file holds a training of the network in `module`; nothing in it is executed."""
    try:
        kept = torch.load(path, map_location="cpu", weights_only=True)
        shapes = {name: tensor.shape for name, tensor in kept["state_dict"].items()}
        needed = {"loops", "optimizer_states", "callbacks", "epoch", "global_step", "sums", "steps"} - kept.keys()
    except Exception as error:
        raise ModelFileError(f"{path} is damaged: this run cannot be resumed; train anew.") from error
    if needed:
        raise ModelFileError(f"{path} lacks {', '.join(sorted(needed))}: this run cannot be resumed; train anew.")
    if shapes != {name: tensor.shape for name, tensor in module.state_dict().items()}:
        raise ModelFileError(f"{path} is of another network than the run's settings say; train anew.")


class Interruption:
    """Ctrl-C, or SIGTERM, while this context lasts: the first ends the training after the batch, a second at once.

    During a validation the first waits for its end. `announce` is called with a sentence that says so.
    """

    def __init__(self, announce: Callable[[str], object]) -> None:
        self.wished = False
        self._announce = announce

    def __enter__(self) -> Self:
        self._is_main = threading.current_thread() is threading.main_thread()  # others may not handle signals
        if self._is_main:
            self._previous = {number: signal.signal(number, self._note) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._is_main:
            for number, handler in self._previous.items():
                signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.wished:
            raise KeyboardInterrupt
        self.wished = True
        self._announce("Stopping after this batch or validation; Ctrl-C again stops at once.")


class ResumePoint(Checkpoint):
    """Keeps network, optimizer, counters and hooks in `resume.ckpt`; ends the training when Ctrl-C asks for it.

    It is written after each epoch, every SAVE_EVERY seconds in between, and when Ctrl-C ends an epoch early. Random
    numbers need no keeping: they follow from seed, epoch and step.
    """

    def __init__(self, folder: Path, interruption: Interruption, listen: TrainingListener) -> None:
        self._path = folder / RESUME_NAME
        self._listen = listen
        self._interruption = interruption
        self._saved = time.monotonic()
        self._ended_at: int | None = None  # EPOCHS of a training that early stopping has ended

    def state_dict(self) -> dict[str, int | None]:
        """Whether there is nothing to go on with."""
        return {"ended_at": self._ended_at}

    def load_state_dict(self, state_dict: dict[str, int | None]) -> None:
        """Keep it."""
        self._ended_at = state_dict["ended_at"]

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """A training that early stopping has ended stays so, unless more epochs are wanted now."""
        if self._ended_at is not None and self._ended_at == trainer.max_epochs:
            trainer.should_stop = True

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Save now and then, but not between an epoch's last batch and its validation, which belong together."""
        if trainer.is_last_batch:
            return
        is_due = time.monotonic() - self._saved > SAVE_EVERY
        wished, due = _on_any_rank(self._interruption.wished, is_due)
        if wished or due:
            self._save(trainer)
        if wished:
            raise KeyboardInterrupt

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save; all other hooks have taken the epoch into account."""
        self._ended_at = trainer.max_epochs if trainer.should_stop else None
        self._save(trainer)
        (wished,) = _on_any_rank(self._interruption.wished)
        if wished:
            raise KeyboardInterrupt

    def _save(self, trainer: pl.Trainer) -> None:
        writing = atomic_write(self._path) if trainer.is_global_zero else nullcontext(self._path)
        with writing as unfinished:
            trainer.save_checkpoint(unfinished)  # on all ranks; the first one writes
        self._saved = time.monotonic()
        self._listen(Saved())


def _on_any_rank(*flags: bool) -> list[bool]:
    """Each of the `flags`, where any rank has it: all must do the same after a batch."""
    if this_rank().count == 1:
        return list(flags)
    return [bool(flag) for flag in largest(torch.tensor([float(flag) for flag in flags]))]
