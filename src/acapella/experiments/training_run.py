"""A training run, from settings to model file: corpus, network, training loop, weights, export."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from acapella.conversion.export import export
from acapella.conversion.torch_model import TorchModel
from acapella.conversion.weight_files import save_weights
from acapella.corpus.cache import Cache, cache_folder
from acapella.corpus.examples import Examples
from acapella.corpus.tracks import STEMS, Split, Track, find_tracks, split_tracks
from acapella.errors import CorpusError, InputError, ModelFileError, SettingsError, UsageError, sentence
from acapella.experiments.results import draw_run
from acapella.experiments.run_folder import (
    SETTINGS_FILE,
    create_run_folder,
    find_weights,
    last_run,
    mark_as_last,
    newest_run,
    run_settings,
    trains_alike,
    write_settings,
)
from acapella.models.description import ModelDescription
from acapella.models.front_ends import SpectralFrontEnd
from acapella.models.schedules import Chunks
from acapella.networks import Network
from acapella.settings import Settings
from acapella.training.conformance import check_own
from acapella.training.domains import choose_domain
from acapella.training.events import Note, Preparing, TrainingListener, ignore
from acapella.training.loop import fit, make_module, start_model
from acapella.training.module import Isolation
from acapella.training.network_picture import draw_network
from acapella.training.resume import RESUME_NAME


@dataclass(frozen=True)
class TrainedRun:
    """The results of a training."""

    folder: Path
    weights: Path | None  # None where they were not to be saved
    model: Path | None
    epochs: list[dict[str, float]]  # of each epoch its number from 1, loss, val_loss and metrics
    interrupted: bool  # by Ctrl-C

    @property
    def resume_point(self) -> Path | None:
        """The file from which `resume` can continue, if there is one."""
        path = self.folder / RESUME_NAME
        return path if path.is_file() else None


class Questions(Protocol):
    """Questions to the user."""

    def more_epochs(self) -> int:
        """Number of epochs to add; 0 ends the training."""

    def save(self) -> bool:
        """Whether to save the weights."""


class NobodyThere:
    """Answers without a user: no more epochs, and save."""

    def more_epochs(self) -> int:
        """None."""
        return 0

    def save(self) -> bool:
        """Yes."""
        return True


def train(
    settings: Settings,
    listen: TrainingListener = ignore,
    *,
    name: str | None = None,
    questions: Questions | None = None,
) -> TrainedRun:
    """Train with `settings`; weights, model file and records are written to a new run folder.

    The folder is called `name`, or else by date and settings.
    """
    _check_alone()
    if settings.start_epoch >= settings.epochs:
        raise SettingsError(
            f"START_EPOCH={settings.start_epoch} leaves nothing to train of EPOCHS={settings.epochs}, which are all."
        )
    model = start_model(settings, weights_to_load(settings))
    check_own(model, settings)
    module = _prepare(model, settings, listen)
    folder = create_run_folder(settings, name)
    front_end = model.description.front_end
    if isinstance(model.network, Network) and isinstance(front_end, SpectralFrontEnd):
        draw_network(model.network, front_end.tensor_channels, settings.model, folder / "network.png")
    return _run(model, module, settings, folder, listen, questions or NobodyThere(), resumed=False)


def resume(
    folder: Path,
    listen: TrainingListener = ignore,
    *,
    data: Path | None = None,
    epochs: int | None = None,
    questions: Questions | None = None,
) -> TrainedRun:
    """Resume the training of a run folder, or of the newest run in a LOG_BASE; it ends as if it had not stopped.

    Parameters:
        folder: a run folder, `last`, or a LOG_BASE.
        data: where the corpus is now; by default where it was. Otherwise the run's own settings are used.
        epochs: total number of epochs, where it is more than before.
    """
    _check_alone()
    folder = _run_to_resume(folder)
    settings = run_settings(folder, **({} if data is None else {"DATA": data}))
    settings = settings.model_copy(update={"epochs": max(settings.epochs, epochs or 0)})
    model = start_model(settings)
    module = _prepare(model, settings, listen)
    write_settings(settings, folder)
    return _run(model, module, settings, folder.resolve(), listen, questions or NobodyThere(), resumed=True)


def _check_alone() -> None:
    """UsageError where torchrun has started several of us: each would train on its own, and write over the others."""
    processes = os.environ.get("WORLD_SIZE", "1")
    if "TORCHELASTIC_RUN_ID" in os.environ and processes != "1":
        raise UsageError(f"torchrun has started {processes} processes, but a training is one: start it without.")


def _run_to_resume(folder: Path) -> Path:
    """The run folder that `folder` names."""
    if folder.is_file():  # `last`, on a system without links
        folder = last_run(folder.parent) or folder
    run = folder if (folder / SETTINGS_FILE).is_file() else newest_run(folder)
    if run is None:
        raise InputError(f"{folder} holds no run to resume; name a run folder, or LOG_BASE for its newest run.")
    if not (run / RESUME_NAME).is_file():
        raise InputError(f"{run} holds no {RESUME_NAME}: this run cannot be resumed; train anew.")
    return run


def train_or_resume(settings: Settings, listen: TrainingListener = ignore, *, name: str) -> TrainedRun:
    """Train in a folder called `name`, or resume the training with the same settings that was interrupted there."""
    for folder in (settings.log_base / name, *sorted(settings.log_base.glob(f"{name}_[0-9]*"))):
        if (folder / RESUME_NAME).is_file() and trains_alike(run_settings(folder), settings):
            return resume(folder, listen)
    return train(settings, listen, name=name)


def _prepare(model: TorchModel, settings: Settings, listen: TrainingListener) -> Isolation:
    """The model with the corpus, ready for training."""
    if settings.fine_tune:
        listen(Note(_what_the_checkpoint_decides(model.description)))
    required = model.description.sources if settings.sources or settings.fine_tune else STEMS
    tracks, skipped = find_tracks(settings.data, required)
    for reason in skipped:
        listen(Note(f"{reason}."))
    split = split_tracks(tracks, settings.split, settings.validation_tracks, settings.test_tracks)
    if not split.train:
        raise CorpusError("No track is left to train on: all are named in VALIDATION_TRACKS or TEST_TRACKS.")
    module = make_module(model, settings, *open_corpus(split, model, settings, listen))
    if not module.is_validated:
        listen(Note("No slice to validate with: best weights and early stopping go by the training loss."))
    return module


def _what_the_checkpoint_decides(description: ModelDescription) -> str:
    front_end, schedule = description.front_end, description.schedule
    assert isinstance(schedule, Chunks)
    return (
        f"The checkpoint says: {front_end.sample_rate} Hz, {front_end.channels} channel(s), chunks of "
        f"{schedule.length / front_end.sample_rate:.1f} s, sources {', '.join(description.sources)}."
    )


def _run(
    model: TorchModel,
    module: Isolation,
    settings: Settings,
    folder: Path,
    listen: TrainingListener,
    questions: Questions,
    *,
    resumed: bool,
) -> TrainedRun:
    """Train for as many epochs as the user wants, and write the results to `folder`."""
    listen(Note(f"Run folder: {folder}"))
    point = folder / RESUME_NAME
    epochs, interrupted = fit(module, settings, folder, listen, point if resumed else None)
    while not (interrupted or settings.quit) and (more := questions.more_epochs()):
        settings = settings.model_copy(update={"epochs": settings.start_epoch + len(epochs) + more})
        write_settings(settings, folder)
        epochs, interrupted = fit(module, settings, folder, listen, point if point.is_file() else None)
    (folder / "metrics.json").write_text(json.dumps(epochs, indent=1) + "\n", encoding="utf-8")
    draw_run(epochs, folder / "loss.png", folder.name)
    is_saved = questions.save() if interrupted or not settings.quit else True
    weights = _keep(model, settings, folder, epochs) if is_saved else None
    return TrainedRun(folder, weights, weights and weights.with_suffix(".onnx"), epochs, interrupted)


def weights_to_load(settings: Settings) -> Path | None:
    """The initial weights, if LOAD is set."""
    if not settings.load:
        return None
    weights = find_weights(settings.weights, settings.log_base)
    if weights is None:
        raise ModelFileError(f"LOAD=True, but there is no file WEIGHTS={str(settings.weights)!r}.")
    return weights


def open_corpus(
    split: Split, model: TorchModel, settings: Settings, listen: TrainingListener
) -> tuple[list[Examples], list[Examples]]:
    """Training and validation tracks, with their audio in the cache."""
    domain = choose_domain(model, settings)
    cache = Cache(cache_folder(settings.data, settings.log_base), model.description.front_end)
    train, validation, test = len(split.train), len(split.validation), len(split.test)
    listen(Note(f"{train} tracks train, {validation} validate, {test} are kept for tests."))

    def opened(tracks: list[Track], what: str) -> list[Examples]:
        listen(Preparing(what))
        found: list[Examples] = []
        for track in tracks:
            try:
                found += domain.open(track, cache)
            except (InputError, OSError) as error:  # one bad track does not keep the others from training
                listen(Note(f"{track.name} is skipped: {sentence(error)}"))
        if tracks and not found:
            raise CorpusError(f"None of the {what} tracks in {settings.data} can be used.")
        return found

    training, validating = opened(split.train, "training"), opened(split.validation, "validation")
    if validating and not any(examples.has_target for examples in validating):
        learnt = ", ".join(model.description.sources)
        listen(Note(f"All validation tracks are silent in {learnt}: their loss says little of the separation."))
    return training, validating


def _keep(model: TorchModel, settings: Settings, folder: Path, epochs: list[dict[str, float]]) -> Path:
    """Write weights and model file, and link the folder as `last`; returns the path of the weights.

    A relative WEIGHTS is inside the folder.
    """
    weights = folder / settings.weights
    weights.parent.mkdir(parents=True, exist_ok=True)
    weights = save_weights(model.network, weights)
    record = {"settings": settings.as_env().splitlines(), "epochs": len(epochs), "last": epochs[-1] if epochs else {}}
    export(model, weights.with_suffix(".onnx"), training=record)
    mark_as_last(folder)
    return weights
