"""The training step, as Lightning wants it."""

from collections.abc import Callable, Iterable, Mapping

import lightning.pytorch as pl
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.data import DataLoader, Dataset

from acapella.corpus.examples import TrackExamples
from acapella.settings import ChopParams
from acapella.signal.choppers import sliding_full
from acapella.training.batches import Batch, Batches, Slice, load_slices

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
Metric = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
VALIDATION_SLICING = ChopParams(scale=128, step=(32, 32))


class EpochOfBatches(Dataset[Batch]):
    """One epoch of `batches`; item `step` is a whole batch."""

    def __init__(self, batches: Batches, epoch: int) -> None:
        self._batches = batches
        self._epoch = epoch

    def __len__(self) -> int:
        return self._batches.steps

    def __getitem__(self, step: int) -> Batch:
        return self._batches.load(self._epoch, step)


class ValidationBatches(Dataset[Batch]):
    """All sliding slices of the validation tracks, in batches of `size`."""

    def __init__(self, tracks: Iterable[TrackExamples], size: int) -> None:
        self.slices = [
            Slice(track, rectangle) for track in tracks for rectangle in sliding_full(track.extent, VALIDATION_SLICING)
        ]
        self._size = size

    def __len__(self) -> int:
        return -(-len(self.slices) // self._size)

    def __getitem__(self, step: int) -> Batch:
        if step >= len(self):
            raise IndexError(step)
        return load_slices(self.slices[step * self._size : (step + 1) * self._size])


class Isolation(pl.LightningModule):
    """A network that learns to predict the target's tensor from the mixture's."""

    def __init__(
        self,
        network: nn.Module,
        loss: Loss,
        metrics: Mapping[str, Metric],
        make_optimizer: Callable[[Iterable[nn.Parameter]], tuple[Optimizer, LRScheduler | None]],
        batches: Batches,
        validation: ValidationBatches,
        first_epoch: int = 0,
    ) -> None:
        super().__init__()
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._loss = loss
        self._metrics = metrics
        self._make_optimizer = make_optimizer
        self._batches = batches
        self._validation = validation
        self._first_epoch = first_epoch

    @property
    def is_validated(self) -> bool:
        """Whether there are slices to validate with."""
        return len(self._validation) > 0

    @property
    def epoch(self) -> int:
        """The running epoch, from 0; START_EPOCH counts."""
        return self._first_epoch + self.current_epoch

    def forward(self, mixture: torch.Tensor) -> torch.Tensor:
        """Predicted target; both (batch, channels, bins, frames)."""
        prediction: torch.Tensor = self.network(mixture.to(memory_format=torch.channels_last))
        return prediction

    def train_dataloader(self) -> DataLoader[Batch]:
        """The batches of the coming epoch."""
        return DataLoader(EpochOfBatches(self._batches, self.epoch), batch_size=None)

    def val_dataloader(self) -> DataLoader[Batch]:
        """The validation slices."""
        return DataLoader(self._validation, batch_size=None)

    def training_step(self, batch: Batch, _: int) -> torch.Tensor:
        """Loss of a batch."""
        mixture, target = batch
        return self._measure(self(mixture), target, prefix="")

    def validation_step(self, batch: Batch, _: int) -> torch.Tensor:
        """Squared errors of a validation batch, (batch, channels, bins, frames)."""
        mixture, target = batch
        prediction = self(mixture)
        self._measure(prediction, target, prefix="val_")
        squares: torch.Tensor = (prediction - target) ** 2
        return squares

    def _measure(self, prediction: torch.Tensor, target: torch.Tensor, prefix: str) -> torch.Tensor:
        loss = self._loss(prediction, target)
        values = {
            "loss": loss,
            **{name: metric(prediction, target) for name, metric in self._metrics.items()},
        }
        self.log_dict(
            {prefix + name: value.detach() for name, value in values.items()},
            on_step=False,
            on_epoch=True,
            batch_size=len(target),
        )
        return loss

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """The optimizer, with its decay after every step where it has one."""
        optimizer, scheduler = self._make_optimizer(self.network.parameters())
        if scheduler is None:
            return {"optimizer": optimizer}
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}


def epoch_of(module: pl.LightningModule) -> int:
    """The running epoch of `module`, as hooks are handed it."""
    assert isinstance(module, Isolation)
    return module.epoch
