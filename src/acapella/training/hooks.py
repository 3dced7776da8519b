"""What happens around the training loop: progress on screen, and the checkpoints of CHECKPOINTS."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Callback, EarlyStopping
from lightning.pytorch.loggers import TensorBoardLogger
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from acapella.conversion.keras_weights import save_keras_weights
from acapella.settings import Settings
from acapella.training.error_picture import ErrorPicture
from acapella.training.module import Isolation, epoch_of

LINE_EVERY = 30.0  # seconds between lines where there is no terminal


def watched(trainer: pl.Trainer) -> str:
    """The loss that decides: on validation slices where there are any."""
    return "val_loss" if "val_loss" in trainer.callback_metrics else "loss"


class ProgressReport(Callback):
    """A bar with loss and samples per second on a terminal; plain lines elsewhere; a line an epoch on both."""

    def __init__(self, last_epoch: int, console: Console) -> None:
        self._last_epoch = last_epoch
        self._console = console
        self._bar: Progress | None = None
        self._epoch: str | None = None
        self._started = self._spoken = 0.0
        self._samples = 0

    def _open(self, trainer: pl.Trainer, epoch: int) -> None:
        self._started = self._spoken = time.perf_counter()
        self._samples = 0
        self._epoch = f"epoch {epoch + 1}/{self._last_epoch}"
        if self._console.is_terminal:
            columns = (
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
            )
            self._bar = Progress(*columns, console=self._console, transient=True)
            self._task = self._bar.add_task(self._epoch, total=trainer.num_training_batches)
            self._bar.start()

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Open the bar; Lightning announces no start of an epoch that is gone on with."""
        if self._epoch is None:
            self._open(trainer, epoch_of(pl_module))

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Show loss and speed."""
        self._samples += len(batch[0])
        now = time.perf_counter()
        state = f"loss {outputs['loss'].item():.5f}, {self._samples / (now - self._started):.1f} samples/s"
        if self._bar:
            self._bar.update(self._task, completed=batch_idx + 1, description=f"{self._epoch}: {state}")
        elif now - self._spoken > LINE_EVERY:
            self._spoken = now
            self._console.print(f"{self._epoch}, batch {batch_idx + 1}/{trainer.num_training_batches}: {state}")

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Say how the epoch went."""
        seconds = time.perf_counter() - self._started
        numbers = ", ".join(f"{name} {float(value):.5f}" for name, value in trainer.callback_metrics.items())
        speed = self._samples / seconds
        line = f"{self._epoch}: {numbers} ({seconds:.0f} s, {speed:.1f} samples/s)"
        self._close()
        self._console.print(line)

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """Leave the terminal as it was."""
        self._close()

    def _close(self) -> None:
        if self._bar:
            self._bar.stop()
            self._bar = None
        self._epoch = None


class BestWeights(Callback):
    """Writes `best_weights.hdf5` whenever the validation loss is the lowest so far."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.lowest = float("inf")

    def state_dict(self) -> dict[str, float]:
        """What a resumed training must know."""
        return {"lowest": self.lowest}

    def load_state_dict(self, state_dict: dict[str, float]) -> None:
        """Go on from there."""
        self.lowest = state_dict["lowest"]

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Compare, and write."""
        loss = float(trainer.callback_metrics[watched(trainer)])
        if loss < self.lowest:
            self.lowest = loss
            assert isinstance(pl_module, Isolation)
            save_keras_weights(pl_module.network, self._path)


class History(Callback):
    """Remembers loss and metrics of each epoch."""

    def __init__(self) -> None:
        self.epochs: list[dict[str, float]] = []

    def state_dict(self) -> dict[str, list[dict[str, float]]]:
        """What a resumed training must know."""
        return {"epochs": self.epochs}

    def load_state_dict(self, state_dict: dict[str, list[dict[str, float]]]) -> None:
        """Go on from there."""
        self.epochs = list(state_dict["epochs"])

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Take the epoch's numbers."""
        numbers = {name: float(value) for name, value in trainer.callback_metrics.items()}
        self.epochs.append({"epoch": epoch_of(pl_module) + 1, **numbers})


def _early_stopping(settings: Settings, folder: Path, validated: bool) -> Callback:
    parameters = settings.early_stopping
    return EarlyStopping(
        monitor="val_loss" if validated else "loss",
        min_delta=parameters.min_delta,
        patience=parameters.patience,
        check_on_train_epoch_end=True,
    )


def _best_weights(settings: Settings, folder: Path, validated: bool) -> Callback:
    return BestWeights(folder / "best_weights.hdf5")


def _error_picture(settings: Settings, folder: Path, validated: bool) -> Callback:
    return ErrorPicture(folder / "error_visualization")


def _tensorboard(settings: Settings, folder: Path, validated: bool) -> Callback:
    from acapella.training.tensorboard import FullInfo

    return FullInfo() if settings.tensorboard_info == "full" else Callback()


HOOKS: dict[str, Callable[[Settings, Path, bool], Callback]] = {
    "weights": _best_weights,
    "early_stopping": _early_stopping,
    "error_visualization": _error_picture,
    "tensorboard": _tensorboard,
}


def tensorboard_logger(settings: Settings, folder: Path) -> TensorBoardLogger | bool:
    """Where TensorBoard reads: the folder TENSORBOARD inside the run's folder; False without that checkpoint."""
    if "tensorboard" not in settings.checkpoints:
        return False
    return TensorBoardLogger(folder / settings.tensorboard, name="", version="")
