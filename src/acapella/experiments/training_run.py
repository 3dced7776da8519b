"""A training from settings to model file: corpus, batches, loop, weights, export."""

import json
import logging
import os
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback
from rich.console import Console
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from acapella.codec import SpectrogramCodec
from acapella.corpus.cache import Cache
from acapella.corpus.examples import TrackExamples
from acapella.corpus.tracks import Split, Track, find_tracks, split_tracks
from acapella.errors import ModelFileError, choose
from acapella.experiments.run_folder import create_run_folder, find_weights
from acapella.settings import Settings
from acapella.training.batches import Batches
from acapella.training.drawing import draw_network
from acapella.training.export import export_model
from acapella.training.hooks import HOOKS, History, ProgressReport, tensorboard_logger
from acapella.training.keras_weights import load_keras_weights, save_keras_weights
from acapella.training.losses import LOSSES, METRICS
from acapella.training.module import Isolation, ValidationBatches
from acapella.training.networks import UNet, build_network
from acapella.training.optimizers import build_optimizer

CACHE_NAME = ".acapella-cache"


@dataclass(frozen=True)
class TrainedRun:
    """What a training leaves behind."""

    folder: Path
    weights: Path
    model: Path
    epochs: list[dict[str, float]]  # loss and metrics of each


def train(settings: Settings, console: Console) -> TrainedRun:
    """Train as `settings` say, and leave weights, model file and records in a new run folder."""
    if not settings.quit:
        console.print("QUIT=False is not built yet: the training ends after EPOCHS.")
    codec = SpectrogramCodec.from_settings(settings)
    tracks, skipped = find_tracks(settings.data)
    for sentence in skipped:
        console.print(f"{sentence}.")
    split = split_tracks(tracks, settings.split, settings.validation_tracks, settings.test_tracks)
    network = start_network(settings, codec)
    train_tracks, validation_tracks = open_corpus(split, codec, settings, console)
    validation = ValidationBatches(validation_tracks, settings.batch)
    module = Isolation(
        network,
        choose(LOSSES, settings.loss, "LOSS"),
        {name: choose(METRICS, name, "METRICS") for name in settings.metrics},
        partial(_optimizer, settings),
        Batches(train_tracks, settings),
        validation,
        first_epoch=settings.start_epoch,
    )
    folder = create_run_folder(settings)
    console.print(f"Run folder: {folder}")
    draw_network(network, codec.tensor_channels, settings.model, folder / "network.png")
    history = History()
    _trainer(settings, folder, bool(validation.slices), console, history).fit(module)
    return _keep(settings, codec, network.cpu(), folder, history.epochs)


def start_network(settings: Settings, codec: SpectrogramCodec) -> UNet:
    """The network of MODEL with fresh weights, or with those of WEIGHTS where LOAD is set."""
    torch.manual_seed(settings.seed)
    network = build_network(settings.model, codec.tensor_channels, settings.model_params, signed=codec.signed)
    if settings.load:
        weights = find_weights(settings.weights, settings.log_base)
        if weights is None:
            raise ModelFileError(f"LOAD=True, but there is no file WEIGHTS={str(settings.weights)!r}.")
        load_keras_weights(network, weights)
    return network


def open_corpus(
    split: Split, codec: SpectrogramCodec, settings: Settings, console: Console
) -> tuple[list[TrackExamples], list[TrackExamples]]:
    """Training and validation tracks, their audio prepared in the cache."""
    cache = Cache(_cache_folder(settings), codec)
    train, validation, test = len(split.train), len(split.validation), len(split.test)
    console.print(f"{train} tracks train, {validation} validate, {test} are kept for tests.")

    def opened(tracks: list[Track], what: str) -> list[TrackExamples]:
        with console.status(f"Preparing {what} tracks"):
            return [TrackExamples.open(track, cache, codec) for track in tracks]

    return opened(split.train, "training"), opened(split.validation, "validation")


def _cache_folder(settings: Settings) -> Path:
    """Beside the data, or with the logs where the data may not be written to."""
    base = settings.data if os.access(settings.data, os.W_OK) else settings.log_base
    return base / CACHE_NAME


def _optimizer(settings: Settings, parameters: Iterable[nn.Parameter]) -> tuple[Optimizer, LRScheduler | None]:
    return build_optimizer(settings.optimizer, parameters, settings.optimizer_params)


def _trainer(settings: Settings, folder: Path, validated: bool, console: Console, history: History) -> pl.Trainer:
    hooks: list[Callback] = [
        choose(HOOKS, name, "CHECKPOINTS")(settings, folder, validated) for name in settings.checkpoints
    ]
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)  # which devices there are, and advertisements
    warnings.filterwarnings("ignore", module="lightning")  # hints on workers that do not apply here
    return pl.Trainer(
        accelerator="auto",
        devices=1,
        max_epochs=max(0, settings.epochs - settings.start_epoch),
        callbacks=[*hooks, ProgressReport(settings.epochs, console), history],
        logger=tensorboard_logger(settings, folder),
        default_root_dir=folder,
        reload_dataloaders_every_n_epochs=1,
        num_sanity_val_steps=0,
        log_every_n_steps=10,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )


def _keep(
    settings: Settings,
    codec: SpectrogramCodec,
    network: UNet,
    folder: Path,
    epochs: list[dict[str, float]],
) -> TrainedRun:
    """Write weights, model file and the record of the epochs. A relative WEIGHTS lies in the run's folder."""
    weights = folder / settings.weights
    weights.parent.mkdir(parents=True, exist_ok=True)
    save_keras_weights(network, weights)
    record = {
        "settings": settings.as_env().splitlines(),
        "epochs": len(epochs),
        "last": epochs[-1] if epochs else {},
    }
    model = weights.with_suffix(".onnx")
    export_model(network, codec, settings.model, model, training=record)
    (folder / "metrics.json").write_text(json.dumps(epochs, indent=1) + "\n", encoding="utf-8")
    return TrainedRun(folder, weights, model, epochs)
