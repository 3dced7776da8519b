"""What happens around the training loop: events of its progress, and the checkpoints of CHECKPOINTS."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Callback, EarlyStopping
from lightning.pytorch.loggers import TensorBoardLogger

from acapella.conversion.weight_files import save_weights
from acapella.settings import Settings
from acapella.training.error_picture import ErrorPicture
from acapella.training.events import BatchDone, EpochBrokenOff, EpochDone, EpochStarted, TrainingListener
from acapella.training.module import Isolation, epoch_of

HIGHER_IS_BETTER = ("val_sdr",)


def watched(trainer: pl.Trainer, monitor: str) -> str:
    """The number that decides: that of MONITOR; of losses, that of validation slices where there are any."""
    if monitor != "val_loss":
        return monitor
    return "val_loss" if "val_loss" in trainer.callback_metrics else "loss"


class ProgressReport(Callback):
    """Tells a listener of epochs and batches, with loss and examples a second."""

    def __init__(self, epochs: int, listen: TrainingListener) -> None:
        self._epochs = epochs
        self._listen = listen
        self._epoch: int | None = None  # from 1; None between epochs
        self._start = 0.0
        self._examples = 0

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Begin the epoch; Lightning announces no start of one that is gone on with."""
        if self._epoch is None:
            self._epoch = epoch_of(pl_module) + 1
            self._start = time.perf_counter()
            self._examples = 0
            self._listen(EpochStarted(self._epoch, self._epochs, int(trainer.num_training_batches)))

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Tell loss and speed."""
        assert self._epoch is not None
        assert isinstance(pl_module, Isolation)
        self._examples += pl_module.batch_size(batch_idx)
        speed = self._examples / (time.perf_counter() - self._start)
        batches = int(trainer.num_training_batches)
        self._listen(BatchDone(self._epoch, self._epochs, batch_idx + 1, batches, outputs["loss"].item(), speed))

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Tell how the epoch went."""
        assert self._epoch is not None
        seconds = time.perf_counter() - self._start
        numbers = {name: float(value) for name, value in trainer.callback_metrics.items()}
        self._listen(EpochDone(self._epoch, self._epochs, numbers, seconds, self._examples / seconds))
        self._epoch = None

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """Tell that the epoch will not end."""
        if self._epoch is not None:
            self._listen(EpochBrokenOff(self._epoch))
            self._epoch = None


class BestWeights(Callback):
    """Writes `best_weights.hdf5`, or `.safetensors`, whenever `monitor` is the best so far.

    That is the lowest loss, on validation slices where there are any, or the highest SDR.
    """

    def __init__(self, path: Path, monitor: str = "val_loss") -> None:
        self._path = path
        self._monitor = monitor
        self.lowest = float("inf")

    def state_dict(self) -> dict[str, float]:
        """What a resumed training must know."""
        return {"lowest": self.lowest}

    def load_state_dict(self, state_dict: dict[str, float]) -> None:
        """Go on from there."""
        self.lowest = state_dict["lowest"]

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Compare, and write."""
        name = watched(trainer, self._monitor)
        if name not in trainer.callback_metrics:  # not each epoch has an SDR
            return
        value = float(trainer.callback_metrics[name]) * (-1 if name in HIGHER_IS_BETTER else 1)
        if value < self.lowest:
            self.lowest = value
            assert isinstance(pl_module, Isolation)
            if trainer.is_global_zero:
                save_weights(pl_module.network, self._path)


class EpochWeights(Callback):
    """Writes the weights of each epoch, `epoch_001.hdf5` or `.safetensors` and so on."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write."""
        assert isinstance(pl_module, Isolation)
        self._folder.mkdir(exist_ok=True)
        if trainer.is_global_zero:
            save_weights(pl_module.network, self._folder / f"epoch_{epoch_of(pl_module) + 1:03d}.hdf5")


class History(Callback):
    """Records loss and metrics of each epoch."""

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
    name = settings.monitor if validated else "loss"
    return EarlyStopping(
        monitor=name,
        mode="max" if name in HIGHER_IS_BETTER else "min",
        strict=name not in HIGHER_IS_BETTER,  # not each epoch has an SDR; patience counts those that have
        min_delta=parameters.min_delta,
        patience=parameters.patience,
        check_on_train_epoch_end=True,
    )


def _best_weights(settings: Settings, folder: Path, validated: bool) -> Callback:
    return BestWeights(folder / "best_weights.hdf5", settings.monitor)


def _epoch_weights(settings: Settings, folder: Path, validated: bool) -> Callback:
    return EpochWeights(folder / "epoch_weights")


def _error_picture(settings: Settings, folder: Path, validated: bool) -> Callback:
    return ErrorPicture(folder / "error_visualization")


def _tensorboard(settings: Settings, folder: Path, validated: bool) -> Callback:
    from acapella.training.tensorboard import FullInfo

    return FullInfo() if settings.tensorboard_info == "full" else Callback()


HOOKS: dict[str, Callable[[Settings, Path, bool], Callback]] = {
    "weights": _best_weights,
    "epoch_weights": _epoch_weights,
    "early_stopping": _early_stopping,
    "error_visualization": _error_picture,
    "tensorboard": _tensorboard,
}


def tensorboard_logger(settings: Settings, folder: Path) -> TensorBoardLogger | bool:
    """Where TensorBoard reads: the folder TENSORBOARD inside the run's folder; False without that checkpoint."""
    if "tensorboard" not in settings.checkpoints:
        return False
    return TensorBoardLogger(folder / settings.tensorboard, name="", version="")
