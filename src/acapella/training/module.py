"""The training step, as Lightning wants it."""

import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.data import DataLoader, Dataset, Sampler

from acapella.corpus.examples import Examples
from acapella.errors import CorpusError, TrainingError
from acapella.networks import Network
from acapella.training.batches import Batch, Batches, Slices, load_slices
from acapella.training.domains import Domain, PictureGrid
from acapella.training.losses import LARGEST, Loss
from acapella.training.one_batch import one_batch
from acapella.training.ranks import largest, this_rank, total

Metric = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
VALIDATION_PART = 1  # slices at a time: they have all frequencies, and a batch of them would need more than training


class EpochOfBatches(Dataset[Batch]):
    """One epoch of `batches`; item `step` is a whole batch, or this rank's part of it."""

    def __init__(self, batches: Batches, epoch: int) -> None:
        self._batches = batches
        self._epoch = epoch
        self._rank = this_rank()  # processes that load do not know it

    def __len__(self) -> int:
        return self._batches.steps

    def __getitem__(self, step: int) -> Batch:
        return self._batches.load(self._epoch, step, self._rank)


class FromStep(Sampler[int]):
    """The steps of an epoch that are still to be made; its length is that of the whole epoch, as Lightning counts."""

    def __init__(self, first: int, steps: int) -> None:
        self._first = first
        self._steps = steps

    def __len__(self) -> int:
        return self._steps

    def __iter__(self) -> Iterator[int]:
        return iter(range(self._first, self._steps))


class ValidationBatches(Dataset[Batch]):
    """All slices of the validation tracks that `domain` looks at, in batches of `size`."""

    def __init__(self, tracks: Iterable[Examples], domain: Domain, size: int) -> None:
        self.slices = Slices((track, domain.validation_rectangles(track)) for track in tracks)
        self._size = size

    def __len__(self) -> int:
        return -(-len(self.slices) // self._size)

    def __getitem__(self, step: int) -> Batch:
        if step >= len(self):
            raise IndexError(step)
        return load_slices(self.slices[step * self._size : (step + 1) * self._size])


class Isolation(pl.LightningModule):
    """A network that learns to predict the target's tensor from the mixture's, both in some `domain`."""

    def __init__(
        self,
        network: nn.Module,
        domain: Domain,
        loss: Loss,
        metrics: Mapping[str, Metric],
        make_optimizer: Callable[[Iterable[nn.Parameter]], tuple[Optimizer, LRScheduler | None]],
        batches: Batches,
        validation: ValidationBatches,
        first_epoch: int = 0,
        workers: int = 0,
    ) -> None:
        super().__init__()
        self.network = network
        if isinstance(network, Network):
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._domain = domain
        self._loss = loss
        self._metrics = metrics
        self._make_optimizer = make_optimizer
        self._batches = batches
        self._validation = validation
        self._first_epoch = first_epoch
        self._loading: dict[str, Any] = {"batch_size": None, "num_workers": workers, "worker_init_fn": leave_signals}
        self.watchers: list[pl.Callback] = []
        self._sums: dict[str, float] = {}  # of loss and metrics over the epoch so far, weighted with "samples"

    @property
    def is_validated(self) -> bool:
        """Whether there are slices to validate with."""
        return len(self._validation) > 0

    @property
    def epoch(self) -> int:
        """The running epoch, from 0; START_EPOCH counts."""
        return self._first_epoch + self.current_epoch

    def batch_size(self, step: int) -> int:
        """Slices in a batch of an epoch, those of all ranks together."""
        return self._batches.size(step)

    def configure_callbacks(self) -> list[pl.Callback]:
        """Those that look at this network's tracks."""
        return self.watchers

    @property
    def batches(self) -> int:
        """Batches in an epoch."""
        return self._batches.steps

    @property
    def validation_batches(self) -> int:
        """Batches of validation slices after an epoch."""
        return len(self._validation)

    def rehearse(self, network: nn.Module, step: int) -> None:
        """What a batch of the running epoch costs, with a copy of the network, which learns nothing."""
        batch = self._batches.load(self.epoch, step % self.batches, this_rank())
        mixture, target = (part.to(self.device, torch.get_default_dtype()) for part in batch)
        self._loss(self._domain.predict(network.train(), mixture), target).backward()  # type: ignore[no-untyped-call]
        network.zero_grad()

    def rehearse_validation(self, network: nn.Module) -> None:
        """The same of the first batch of validation slices."""
        mixture = self._validation[0][0].to(self.device, torch.get_default_dtype())
        with torch.no_grad():
            for part in torch.split(mixture, VALIDATION_PART):
                self._domain.predict(network.eval(), part)

    def forward(self, mixture: torch.Tensor) -> torch.Tensor:
        """Predicted target; both as the domain has them."""
        return self._domain.predict(self.network, mixture)

    def picture(self, tensor: torch.Tensor) -> torch.Tensor:
        """Magnitudes of a mixture, target or prediction, (batch, channels, bins, frames)."""
        return self._domain.picture(tensor)

    @property
    def picture_grid(self) -> PictureGrid:
        """Where the numbers of `picture` lie."""
        return self._domain.picture_grid

    def train_dataloader(self) -> DataLoader[Batch]:
        """The batches of the coming epoch, or of what is left of it when an interrupted training goes on."""
        steps = self._batches.steps
        todo = FromStep(self.trainer.global_step - self.current_epoch * steps, steps)
        return DataLoader(EpochOfBatches(self._batches, self.epoch), sampler=todo, **self._loading)

    def val_dataloader(self) -> DataLoader[Batch]:
        """The validation slices."""
        turns = this_rank().turns(len(self._validation))
        return DataLoader(self._validation, sampler=turns, **self._loading)

    def training_step(self, batch: Batch, step: int) -> torch.Tensor:
        """Loss of a batch."""
        torch.manual_seed(self._batches.torch_seed(self.epoch, step))
        mixture, target = batch
        size = self._batches.size(step)
        with one_batch(this_rank(), size):
            prediction = self(mixture)
        loss, values = self._of_all_ranks(self._measure(prediction, target), size)
        if not torch.isfinite(values["loss"]):
            raise TrainingError(
                f"The loss became {values['loss'].detach():g} in epoch {self.epoch + 1}, batch {step + 1}, and nothing "
                "can be learnt from there: try a lower learning rate (OPTIMIZER_PARAMS)."
            )
        self._add(values, size)
        if step == self._batches.steps - 1:
            samples = self._sums.pop("samples")
            self.log_dict({name: total / samples for name, total in self._sums.items()}, on_step=False, on_epoch=True)
            self._sums.clear()
        return loss

    def validation_step(self, batch: Batch, _: int) -> torch.Tensor:
        """Squared errors of a validation batch, (batch, channels, bins, frames)."""
        mixture, target = batch
        prediction = torch.cat([self(part) for part in torch.split(mixture, VALIDATION_PART)])
        values = {f"val_{name}": value for name, value in self._measure(prediction, target).items()}
        several = self.trainer.world_size > 1
        self.log_dict(values, on_step=False, on_epoch=True, batch_size=len(target), sync_dist=several)
        return self.picture(prediction - target) ** 2

    def _measure(self, prediction: torch.Tensor, target: torch.Tensor) -> dict[str, torch.Tensor]:
        metrics = {name: metric(prediction, target) for name, metric in self._metrics.items()}
        return {"loss": self._loss(prediction, target), **metrics}

    def _of_all_ranks(
        self, values: Mapping[str, torch.Tensor], size: int
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """The loss to go down from, and all values, of the whole batch of `size` slices.

        Lightning takes the mean of the ranks' gradients, so that each rank's loss counts by its share in the batch.
        """
        rank = this_rank()
        if rank.count == 1:
            return values["loss"], dict(values)
        numbers = torch.stack([value.detach().float() for value in values.values()])
        means, most = total(numbers * rank.weight(size)), largest(numbers)
        whole = {name: (most if name in LARGEST else means)[place] for place, name in enumerate(values)}
        share = values["loss"] * rank.count * rank.weight(size)
        return share + (whole["loss"] - share).detach(), whole

    def _add(self, values: Mapping[str, torch.Tensor], samples: int) -> None:
        for name, value in {**values, "samples": torch.tensor(1.0)}.items():
            self._sums[name] = self._sums.get(name, 0.0) + samples * float(value.detach())

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the means of an epoch that is not over."""
        checkpoint["sums"] = dict(self._sums)
        checkpoint["steps"] = self._batches.steps

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on with them; a CorpusError where the epochs are now of another length."""
        if checkpoint["steps"] != self._batches.steps:
            raise CorpusError(
                "The corpus has another number of slices than when the training began: restore it, or begin anew."
            )
        self._sums = dict(checkpoint["sums"])

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """The optimizer, with its decay after every step where it has one."""
        optimizer, scheduler = self._make_optimizer(self.network.parameters())
        if scheduler is None:
            return {"optimizer": optimizer}
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}


def leave_signals(worker: int) -> None:
    """In a process that prepares batches: Ctrl-C is for the training, which ends such processes by SIGTERM."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def epoch_of(module: pl.LightningModule) -> int:
    """The running epoch of `module`, as hooks are handed it."""
    assert isinstance(module, Isolation)
    return module.epoch
