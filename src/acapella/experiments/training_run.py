"""A training from settings to model file: corpus, network, loop, weights, export."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from acapella.codec import SpectrogramCodec
from acapella.corpus.cache import Cache
from acapella.corpus.examples import TrackExamples
from acapella.corpus.tracks import Split, Track, find_tracks, split_tracks
from acapella.errors import ModelFileError
from acapella.experiments.run_folder import create_run_folder, find_weights, mark_last
from acapella.settings import Settings
from acapella.training.drawing import draw_network
from acapella.training.export import export_model
from acapella.training.keras_weights import save_keras_weights
from acapella.training.loop import fit, make_module, start_network
from acapella.training.networks import UNet

CACHE_NAME = ".acapella-cache"


@dataclass(frozen=True)
class TrainedRun:
    """What a training leaves behind."""

    folder: Path
    weights: Path
    model: Path
    interrupted: bool  # by Ctrl-C, before the last epoch


def train(settings: Settings, console: Console) -> TrainedRun:
    """Train as `settings` say, and leave weights, model file and records in a new run folder."""
    if not settings.quit:
        console.print("QUIT=False is not built yet: the training ends after EPOCHS.")
    codec = SpectrogramCodec.from_settings(settings)
    tracks, skipped = find_tracks(settings.data)
    for sentence in skipped:
        console.print(f"{sentence}.")
    split = split_tracks(tracks, settings.split, settings.validation_tracks, settings.test_tracks)
    network = start_network(settings, codec, weights_to_load(settings))
    module = make_module(network, settings, *open_corpus(split, codec, settings, console))
    folder = create_run_folder(settings)
    console.print(f"Run folder: {folder}")
    draw_network(network, codec.tensor_channels, settings.model, folder / "network.png")
    epochs, interrupted = fit(module, settings, folder, console)
    weights = _keep(settings, codec, network, folder, epochs)
    mark_last(folder)
    return TrainedRun(folder, weights, weights.with_suffix(".onnx"), interrupted)


def weights_to_load(settings: Settings) -> Path | None:
    """The file that LOAD asks to begin with, if it does."""
    if not settings.load:
        return None
    weights = find_weights(settings.weights, settings.log_base)
    if weights is None:
        raise ModelFileError(f"LOAD=True, but there is no file WEIGHTS={str(settings.weights)!r}.")
    return weights


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


def _keep(
    settings: Settings, codec: SpectrogramCodec, network: UNet, folder: Path, epochs: list[dict[str, float]]
) -> Path:
    """Write the epochs' record, weights and model file; returns the weights. A relative WEIGHTS is in the folder."""
    (folder / "metrics.json").write_text(json.dumps(epochs, indent=1) + "\n", encoding="utf-8")
    weights = folder / settings.weights
    weights.parent.mkdir(parents=True, exist_ok=True)
    save_keras_weights(network, weights)
    record = {"settings": settings.as_env().splitlines(), "epochs": len(epochs), "last": epochs[-1] if epochs else {}}
    export_model(network, codec, settings.model, weights.with_suffix(".onnx"), training=record)
    return weights
