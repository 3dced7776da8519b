"""Where in the spectrogram a network errs: the mean squared error at each place of the validation slices."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import lightning.pytorch as pl
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback

from acapella.pictures import draw_mel, drawing, mel_rows
from acapella.training.domains import PictureGrid
from acapella.training.module import Isolation, epoch_of
from acapella.training.ranks import total

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage


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
        assert isinstance(pl_module, Isolation)
        epoch = epoch_of(pl_module) + 1
        slices = total(torch.tensor(float(self._slices), device=self._total.device))
        mean = (total(self._total) / slices).cpu().numpy()
        if not trainer.is_global_zero:
            return
        for channel, errors in enumerate(mean):
            path = self._folder / f"epoch_{epoch:03d}_channel_{channel}.png"
            draw_errors(errors, pl_module.picture_grid, f"Epoch {epoch}, channel {channel}", path)


def draw_errors(errors: np.ndarray, grid: PictureGrid, title: str, path: Path) -> None:
    """Picture of `errors` (bins, frames) ≥ 0, frequencies on the mel scale."""
    with drawing(path, 8, 5) as figure:
        axes = figure.subplots()
        image = draw_tensor(axes, errors, grid)
        axes.set(title=title, xlabel="Time (min:s)", ylabel="Frequency (Hz)")
        figure.colorbar(image, label="Mean squared error (normalised units)")


def draw_tensor(axes: "Axes", values: np.ndarray, grid: PictureGrid, **colours: Any) -> "AxesImage":
    """Draw `values` (bins, frames) of a network's tensor, with ticks in Hz and in seconds."""
    bins, frames = values.shape
    highest = (bins - 1) * grid.sample_rate / grid.window_length
    seconds = frames * grid.hop / grid.sample_rate
    return draw_mel(axes, mel_rows(values, highest), seconds, highest, **colours)
