"""TENSORBOARD_INFO=full: histograms of weights and gradients, and pictures of what the network does."""

from collections.abc import Mapping
from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import TensorBoardLogger
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from torch.utils.tensorboard import SummaryWriter

from acapella.training.domains import PictureGrid
from acapella.training.error_picture import draw_tensor
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
        slices = {name: pl_module.picture(tensor)[0, 0].float().cpu().numpy() for name, tensor in tensors.items()}
        picture = draw_slices(slices, pl_module.picture_grid)
        _writer(trainer).add_image("slice", picture, epoch_of(pl_module), dataformats="HWC")


def draw_slices(slices: Mapping[str, np.ndarray], grid: PictureGrid) -> np.ndarray:
    """Picture of slices (bins, frames) side by side with one scale, as (height, width, 3) bytes."""
    figure = Figure(figsize=(3.5 * len(slices), 4), layout="constrained")
    canvas = FigureCanvasAgg(figure)
    top = max(values.max() for values in slices.values())
    for axes, (name, values) in zip(figure.subplots(1, len(slices), sharey=True), slices.items(), strict=True):
        draw_tensor(axes, values, grid, most_ticks=4, vmin=0, vmax=max(top, 1e-6))
        axes.set(title=name, xlabel="Time (min:s)")
    figure.axes[0].set(ylabel="Frequency (Hz)")
    canvas.draw()  # type: ignore[no-untyped-call]
    return np.asarray(canvas.buffer_rgba())[..., :3]  # type: ignore[no-untyped-call]


def _writer(trainer: pl.Trainer) -> SummaryWriter:
    assert isinstance(trainer.logger, TensorBoardLogger)
    writer: SummaryWriter = trainer.logger.experiment
    return writer
