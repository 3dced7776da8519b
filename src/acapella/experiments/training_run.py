"""A training run, from settings to model file: corpus, network, training loop, weights, export."""

import json
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from acapella.conversion.export import export
from acapella.conversion.torch_model import TorchModel
from acapella.conversion.weight_files import save_weights
from acapella.errors import InputError, ModelFileError, SettingsError, UsageError
from acapella.experiments.preparing import prepare
from acapella.experiments.remote_logs import LocalLogs, find_remote_run, local_logs
from acapella.experiments.results import draw_run
from acapella.experiments.run_folder import (
    SETTINGS_FILE,
    create_run_folder,
    find_weights,
    last_run,
    mark_as_last,
    newest_run,
    remote,
    run_name,
    run_settings,
    settings_in,
    trains_alike,
    write_settings,
)
from acapella.models.front_ends import SpectralFrontEnd
from acapella.networks import Network
from acapella.settings import Settings
from acapella.storage import Address, Location
from acapella.training.conformance import check_own
from acapella.training.events import Note, TrainingListener, ignore
from acapella.training.launching import Body, Launcher, launch
from acapella.training.loop import fit, start_model
from acapella.training.module import Isolation
from acapella.training.network_picture import draw_network
from acapella.training.questions import NobodyThere, Questions
from acapella.training.ranks import first_before_others, from_first, joined_ranks, launched_processes, this_rank
from acapella.training.resume import RESUME_NAME


@dataclass(frozen=True)
class TrainedRun:
    """The results of a training."""

    folder: Location
    weights: Location | None  # None where they were not to be saved
    model: Location | None
    epochs: list[dict[str, float]]  # of each epoch its number from 1, loss, val_loss and metrics
    interrupted: bool  # by Ctrl-C

    @property
    def resume_point(self) -> Location | None:
        """The file from which `resume` can continue, if there is one."""
        path = self.folder / RESUME_NAME
        return path if isinstance(path, Address) or path.is_file() else None


def train(
    settings: Settings,
    listen: TrainingListener = ignore,
    *,
    name: str | None = None,
    questions: Questions | None = None,
    launcher: Launcher | None = None,
) -> TrainedRun:
    """Train with `settings`; weights, model file and records are written to a new run folder.

    The folder is called `name`, or else by date and settings. Where DEVICES and NODES want several processes,
    `launcher` starts them, None: on this machine. They may also have been started already, by torchrun.
    """
    body = partial(_train, settings=settings, name=name or run_name(settings))
    return _in_ranks(settings, body, listen, questions, launcher)


def resume(
    folder: Path,
    listen: TrainingListener = ignore,
    *,
    data: Path | None = None,
    epochs: int | None = None,
    devices: int | None = None,
    questions: Questions | None = None,
    launcher: Launcher | None = None,
) -> TrainedRun:
    """Resume the training of a run folder, or of the newest run in a LOG_BASE; it ends as if it had not stopped.

    Parameters:
        folder: a run folder, `last`, or a LOG_BASE, here or in a store.
        data: where the corpus is now; by default where it was. Otherwise the run's own settings are used.
        epochs: total number of epochs, where it is more than before.
        devices: number of devices on each machine, where it is another than before.
        launcher: as for `train`.
    """
    moved = {} if data is None else {"DATA": data}
    run: Location
    if there := remote(folder):
        run, text = find_remote_run(there)
        settings = settings_in(text, LOG_BASE=run.parent.text, **moved)
    else:
        run = here = _run_to_resume(folder).resolve()
        settings = run_settings(here, **moved)
    changed = {"epochs": max(settings.epochs, epochs or 0), "devices": devices or settings.devices}
    settings = settings.model_copy(update=changed)
    body = partial(_resume, settings=settings, run=run)
    return _in_ranks(settings, body, listen, questions, launcher)


def train_or_resume(settings: Settings, listen: TrainingListener = ignore, *, name: str) -> TrainedRun:
    """Train in a folder called `name`, or resume the training with the same settings that was interrupted there."""
    folder = _resumable(settings, name)
    if folder:
        return resume(folder, listen, devices=settings.devices)
    return train(settings, listen, name=name)


def _resumable(settings: Settings, name: str) -> Path | None:
    """The folder called `name` of a training with these settings that can go on."""
    for folder in (settings.log_base / name, *sorted(settings.log_base.glob(f"{name}_[0-9]*"))):
        if (folder / RESUME_NAME).is_file() and trains_alike(run_settings(folder), settings):
            return folder.resolve()
    return None


def _in_ranks(
    settings: Settings,
    body: Body[TrainedRun],
    listen: TrainingListener,
    questions: Questions | None,
    launcher: Launcher | None,
) -> TrainedRun:
    """Call `body` in as many processes as DEVICES and NODES say: this one, torchrun's, or those of the launcher."""
    questions, launched = questions or NobodyThere(), launched_processes()
    wanted = settings.devices * settings.nodes
    if launched:
        if wanted not in (1, launched):
            raise UsageError(f"torchrun has started {launched} processes, but DEVICES × NODES is {wanted}.")
        with joined_ranks() as rank:
            return body(listen=listen if rank.is_first else ignore, questions=questions)
    if wanted > 1 or launcher:
        return (launcher or launch)(body, settings.devices, settings.nodes, listen, questions)
    return body(listen=listen, questions=questions)


def _train(
    *, settings: Settings, name: str, listen: TrainingListener, questions: Questions, again: bool = False
) -> TrainedRun:
    """On each rank."""
    with local_logs(settings, listen) as logs:
        if logs is None:
            return _train_here(settings, name, listen, questions, again=again)
        return _stored(_train_here(logs.settings, name, logs.listen, questions), logs)


def _train_here(
    settings: Settings, name: str, listen: TrainingListener, questions: Questions, *, again: bool = False
) -> TrainedRun:
    begun = from_first(partial(_resumable, settings, name)) if again else None
    if begun:
        return _resume_here(settings, begun, listen, questions)
    if settings.start_epoch >= settings.epochs:
        raise SettingsError(
            f"START_EPOCH={settings.start_epoch} leaves nothing to train of EPOCHS={settings.epochs}, which are all."
        )
    model = start_model(settings, weights_to_load(settings))
    check_own(model, settings)
    module = first_before_others(partial(prepare, model, settings, listen))
    folder = from_first(partial(_new_folder, model, settings, name))
    return _run(model, module, settings, folder, listen, questions, resumed=False)


def _new_folder(model: TorchModel, settings: Settings, name: str) -> Path:
    """A run folder, with a picture of the network."""
    folder = create_run_folder(settings, name)
    front_end = model.description.front_end
    if isinstance(model.network, Network) and isinstance(front_end, SpectralFrontEnd):
        draw_network(model.network, front_end.tensor_channels, settings.model, folder / "network.png")
    return folder


def _resume(
    *, settings: Settings, run: Location, listen: TrainingListener, questions: Questions, again: bool = False
) -> TrainedRun:
    """On each rank."""
    if isinstance(run, Path):
        return _resume_here(settings, run, listen, questions)
    with local_logs(settings, listen) as logs:
        assert logs is not None
        return _stored(_resume_here(logs.settings, logs.fetch(run), logs.listen, questions), logs)


def _stored(run: TrainedRun, logs: LocalLogs) -> TrainedRun:
    """The run where it lies in the end."""
    logs.store()

    def there(path: Location | None) -> Address | None:
        assert not isinstance(path, Address)
        return None if path is None else logs.there(path)

    if not this_rank().is_first:
        return run
    return replace(run, folder=logs.there(Path(str(run.folder))), weights=there(run.weights), model=there(run.model))


def _resume_here(settings: Settings, folder: Path, listen: TrainingListener, questions: Questions) -> TrainedRun:
    model = start_model(settings)
    module = first_before_others(partial(prepare, model, settings, listen))
    from_first(partial(write_settings, settings, folder))
    return _run(model, module, settings, folder, listen, questions, resumed=True)


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
    while not (interrupted or settings.quit) and (more := from_first(questions.more_epochs)):
        settings = settings.model_copy(update={"epochs": settings.start_epoch + len(epochs) + more})
        from_first(partial(write_settings, settings, folder))
        epochs, interrupted = fit(module, settings, folder, listen, point if point.is_file() else None)

    def keep() -> Path | None:
        (folder / "metrics.json").write_text(json.dumps(epochs, indent=1) + "\n", encoding="utf-8")
        draw_run(epochs, folder / "loss.png", folder.name)
        is_saved = questions.save() if interrupted or not settings.quit else True
        return _keep(model, settings, folder, epochs) if is_saved else None

    weights = from_first(keep)
    return TrainedRun(folder, weights, weights and weights.with_suffix(".onnx"), epochs, interrupted)


def weights_to_load(settings: Settings) -> Path | None:
    """The initial weights, if LOAD is set."""
    if not settings.load:
        return None
    weights = find_weights(settings.weights, settings.log_base)
    if weights is None:
        raise ModelFileError(f"LOAD=True, but there is no file WEIGHTS={str(settings.weights)!r}.")
    return weights


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
