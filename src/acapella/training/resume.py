"""What lets a training be stopped and go on as if it had not been."""

import signal
import threading
import time
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Checkpoint

RESUME_NAME = "resume.ckpt"
SAVE_EVERY = 300.0  # seconds of training that a killed process may lose


class Interruption:
    """Ctrl-C while this context lasts: the first one ends the training after the running batch, a second at once."""

    def __init__(self) -> None:
        self.wished = False

    def __enter__(self) -> Self:
        self._is_main = threading.current_thread() is threading.main_thread()  # others may not handle signals
        if self._is_main:
            self._previous = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._is_main:
            signal.signal(signal.SIGINT, self._previous)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.wished:
            raise KeyboardInterrupt
        self.wished = True


class ResumePoint(Checkpoint):
    """Keeps network, optimizer, counters and hooks in `resume.ckpt`; ends the training when Ctrl-C asks for it.

    It is written after each epoch, every SAVE_EVERY seconds in between, and at the end that Ctrl-C asks for. Random
    numbers need no keeping: they follow from seed, epoch and step.
    """

    def __init__(self, folder: Path, interruption: Interruption) -> None:
        self._path = folder / RESUME_NAME
        self._interruption = interruption
        self._saved = time.monotonic()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Save now and then, but not between an epoch's last batch and its validation, which belong together."""
        if trainer.is_last_batch:
            return
        if self._interruption.wished:
            self._save(trainer)
            raise KeyboardInterrupt
        if time.monotonic() - self._saved > SAVE_EVERY:
            self._save(trainer)

    def on_validation_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """End at once: validation changes nothing, and going on repeats it."""
        if self._interruption.wished:
            raise KeyboardInterrupt

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save; all other hooks have taken the epoch into account."""
        self._save(trainer)
        if self._interruption.wished:
            raise KeyboardInterrupt

    def _save(self, trainer: pl.Trainer) -> None:
        unfinished = self._path.with_suffix(".partial")
        trainer.save_checkpoint(unfinished)
        unfinished.replace(self._path)
        self._saved = time.monotonic()
