"""TENSORBOARD_INFO=full: histograms of weights and gradients, and pictures of what the network does."""

from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import TensorBoardLogger
from torch.utils.tensorboard import SummaryWriter

from acapella.training.module import Isolation, epoch_of


class FullInfo(Callback):
    """Adds to TensorBoard, once an epoch, what the curves do not show."""

    def __init__(self) -> None:
        self._gradients: dict[str, torch.Tensor] = {}

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: torch.optim.Optimizer
    ) -> None:
        """Keep the gradients of the epoch's last batch."""
        if trainer.is_last_batch:
            parameters = pl_module.named_parameters()
            self._gradients = {name: p.grad.detach().clone() for name, p in parameters if p.grad is not None}

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write the histograms."""
        writer, epoch = _writer(trainer), epoch_of(pl_module)
        for name, parameter in pl_module.named_parameters():
            writer.add_histogram(f"weights/{name}", parameter, epoch)
        for name, gradient in self._gradients.items():
            writer.add_histogram(f"gradients/{name}", gradient, epoch)

    def on_validation_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Show mixture, target and prediction of the first validation slice, first channel."""
        if batch_idx > 0:
            return
        mixture, target = batch
        with torch.no_grad():
            prediction = pl_module(mixture[:1])
        assert isinstance(pl_module, Isolation)
        tensors = {"mixture": mixture[:1], "target": target[:1], "prediction": prediction}
        pictures = {name: pl_module.picture(tensor)[0, :1] for name, tensor in tensors.items()}
        top = pictures["mixture"].max().clamp(min=1e-6)
        for name, magnitudes in pictures.items():
            picture = (magnitudes / top).clamp(0, 1).flip(1)
            _writer(trainer).add_image(f"slice/{name}", picture, epoch_of(pl_module))


def _writer(trainer: pl.Trainer) -> SummaryWriter:
    assert isinstance(trainer.logger, TensorBoardLogger)
    writer: SummaryWriter = trainer.logger.experiment
    return writer
