"""Train a network: the loop itself is Lightning's."""

import logging
import warnings
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import lightning.pytorch as pl
import torch
from lightning.fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.strategies import DDPStrategy
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from acapella.conversion.new_model import new_model
from acapella.conversion.torch_model import TorchModel
from acapella.conversion.weight_files import load_weights
from acapella.corpus.examples import Examples
from acapella.errors import TrainingError, shortened
from acapella.process_memory import keep_freed_memory
from acapella.registry import choose
from acapella.settings import Settings
from acapella.training.batches import Batches
from acapella.training.domains import choose_domain
from acapella.training.estimate import TimeEstimate
from acapella.training.events import Note, TrainingListener
from acapella.training.hooks import HOOKS, History, ProgressReport, tensorboard_logger
from acapella.training.losses import METRICS, choose_loss
from acapella.training.module import Isolation, ValidationBatches
from acapella.training.optimizers import build_optimizer
from acapella.training.ranks import local_processes, this_rank
from acapella.training.resume import Interruption, ResumePoint, check_resume_point

PRECISIONS: dict[str, Literal["32-true", "bf16-mixed"]] = {"float32": "32-true", "bfloat16": "bf16-mixed"}


def start_model(settings: Settings, weights: Path | None = None) -> TorchModel:
    """The model of MODEL with fresh weights that SEED decides, those of FINE_TUNE, or those in the file `weights`."""
    torch.manual_seed(settings.seed)
    model = new_model(settings)
    if weights:
        load_weights(model.network, weights)
    return model


def make_module(
    model: TorchModel,
    settings: Settings,
    train_tracks: Sequence[Examples],
    validation_tracks: Sequence[Examples],
) -> Isolation:
    """The network with loss, metrics, optimizer and batches; a CorpusError where no slice can be cut."""
    domain = choose_domain(model, settings)
    return Isolation(
        model.network,
        domain,
        choose_loss(settings.loss),
        {name: choose(METRICS, name, "METRICS") for name in settings.metrics},
        partial(_optimizer, settings),
        Batches(train_tracks, domain.slicing(settings)),
        ValidationBatches(validation_tracks, domain, settings.batch),
        first_epoch=settings.start_epoch,
        workers=settings.workers,
    )


def fit(
    module: Isolation, settings: Settings, folder: Path, listen: TrainingListener, resume: Path | None = None
) -> tuple[list[dict[str, float]], bool]:
    """Train to the end of EPOCHS, from the point `resume` on where it is given.

    `listen` is told how it goes. Returns each epoch's loss and metrics, and whether Ctrl-C ended it.
    """
    keep_freed_memory()
    history = History()
    with Interruption(lambda text: listen(Note(text))) as interruption, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="lightning")  # hints on workers that do not apply here
        if resume:
            check_resume_point(resume, module)
        hooks = [
            TimeEstimate(listen),
            ProgressReport(settings.epochs, listen),
            history,
            ResumePoint(folder, interruption, listen),
        ]
        trainer = _trainer(settings, folder, module.is_validated, hooks)
        try:
            trainer.fit(module, ckpt_path=resume, weights_only=True)
        except RuntimeError as error:
            raise _explained(error) from error
        except SystemExit:  # what Lightning makes of Ctrl-C
            if not trainer.interrupted:
                raise
    module.network.cpu()
    return history.epochs, trainer.interrupted


def _explained(error: RuntimeError) -> Exception:
    """Of PyTorch's errors, those that a setting can cause, in our words."""
    first = (str(error).splitlines() or [""])[0]
    if "memory" in first:
        return TrainingError(f"There is too little memory for this training; try a smaller BATCH ({shortened(first)}).")
    return error


def _optimizer(settings: Settings, parameters: Iterable[nn.Parameter]) -> tuple[Optimizer, LRScheduler | None]:
    return build_optimizer(settings.optimizer, parameters, settings.optimizer_params)


def _trainer(settings: Settings, folder: Path, validated: bool, always: list[Callback]) -> pl.Trainer:
    chosen = [choose(HOOKS, name, "CHECKPOINTS")(settings, folder, validated) for name in settings.checkpoints]
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)  # which devices there are, and advertisements
    return pl.Trainer(
        accelerator="auto",
        **_devices(),
        precision=PRECISIONS[settings.precision],
        max_epochs=max(0, settings.epochs - settings.start_epoch),
        callbacks=[*chosen, *always],
        logger=tensorboard_logger(settings, folder),
        default_root_dir=folder,
        reload_dataloaders_every_n_epochs=1,
        num_sanity_val_steps=0,
        log_every_n_steps=10,
        enable_progress_bar=False,
        enable_model_summary=False,
    )


def _devices() -> dict[str, Any]:
    """For Lightning: the ranks that a launcher has started, or this process alone."""
    rank = this_rank()
    if rank.count == 1:
        return {"devices": 1}
    return {
        "devices": local_processes(),
        "num_nodes": rank.count // local_processes(),
        "strategy": DDPStrategy(broadcast_buffers=False),  # those of batch normalization are the same on all
        "plugins": [TorchElasticEnvironment()],
        "use_distributed_sampler": False,
    }
