"""Training runs, each in a folder of its own, and searches over many of them."""

import os
from typing import TYPE_CHECKING

from acapella.errors import MissingExtraError
from acapella.settings import Settings
from acapella.training.events import TrainingListener, ignore

if TYPE_CHECKING:
    from acapella.experiments.training_run import TrainedRun

# Before torch is loaded. OpenMP's threads otherwise wait for each other in a loop, which takes the processor from the
# thread that they wait for where other programs run as well.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def train(
    settings: Settings | None = None, listen: TrainingListener = ignore, *, name: str | None = None
) -> "TrainedRun":
    """Train a network, and write weights, model file and records to a new run folder.

    Parameters
    ----------
    settings
        All options; by default those of the environment, as `Settings()` reads them.
    listen
        Is called with each event of the training (`acapella.training.events`): notes, batches, epochs.
    name
        Of the run folder in LOG_BASE; by default date and settings.

    Returns
    -------
    TrainedRun
        `folder`, `weights` and `model` (paths), and `epochs`: of each its number, loss, val_loss and metrics.

    Raises
    ------
    SettingsError
        Options that do not go together, or a MODEL or LOSS of your own that does not conform.
    CorpusError
        No track to train on.
    TrainingError
        A loss that is no number, or too little memory.
    MissingExtraError
        The packages of the extra `train` are not installed.

    Examples
    --------
    >>> run = train(Settings(DATA="corpus", EPOCHS=1))  # doctest: +SKIP
    >>> Isolator.load(run.model).isolate_file("song.wav", "stems")  # doctest: +SKIP
    """
    try:
        from acapella.experiments import training_run
    except ModuleNotFoundError as error:
        raise MissingExtraError("Training", "train") from error
    return training_run.train(settings or Settings(), listen, name=name)
