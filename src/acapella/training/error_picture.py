"""Where in the spectrogram a network errs: the mean squared error at each place of the validation slices."""

from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback

from acapella.pictures import drawing
from acapella.training.module import epoch_of


class ErrorPicture(Callback):
    """After each epoch draws a picture a channel in `folder`: frequency upwards, time to the right."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._total: torch.Tensor | None = None
        self._slices = 0

    def on_validation_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Forget the last epoch."""
        self._total, self._slices = None, 0

    def on_validation_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Add a batch's squared errors, which the validation step returns, (batch, channels, bins, frames)."""
        squares = outputs.sum(dim=0)
        self._total = squares if self._total is None else self._total + squares
        self._slices += len(outputs)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Draw."""
        if self._total is None:
            return
        epoch = epoch_of(pl_module) + 1
        for channel, errors in enumerate((self._total / self._slices).cpu().numpy()):
            path = self._folder / f"epoch_{epoch:03d}_channel_{channel}.png"
            draw_errors(errors, f"Epoch {epoch}, channel {channel}", path)


def draw_errors(errors: np.ndarray, title: str, path: Path) -> None:
    """Picture of `errors` (bins, frames) ≥ 0."""
    with drawing(path, 6, 8) as figure:
        axes = figure.subplots()
        image = axes.imshow(errors, origin="lower", aspect="auto", cmap="magma", interpolation="nearest")
        axes.set(title=title, xlabel="Time (frames)", ylabel="Frequency (bins)")
        figure.colorbar(image, label="Mean squared error (normalised units)")
