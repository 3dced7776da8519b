"""Two processes that train one network: the weights of one, its checkpoints, its errors."""

import signal
from functools import partial

import numpy as np
import pytest
from tests.made import write_corpus

from acapella.errors import SettingsError, UsageError
from acapella.experiments import training_run
from acapella.settings import Settings
from acapella.training import loop
from acapella.training.events import BatchDone, EpochDone, ignore
from acapella.training.launching import launch
from acapella.training.questions import NobodyThere

pytestmark = pytest.mark.slow  # starts processes, each of which imports torch


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """50 batches of 5 slices, the last of each epoch of 3; batch normalization and dropout."""
    folder = tmp_path_factory.mktemp("ranks")
    write_corpus(folder / "corpus", tracks=4, seconds=0.7)
    return Settings(
        data=folder / "corpus", log_base=folder / "logs", fft=64, sample_rate=8000, batch=5, epochs=2, epoch_steps=123,
        chopparams={"scale": 8}, checkpoints="weights,early_stopping,error_visualization,tensorboard",
        optimizer_params={"lr": 0.001, "clipnorm": 0.5, "decay": 0.01}, early_stopping={"patience": 9},
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _in_double(monkeypatch):
    """64 bits, where rounding is not in the way; and no exporting, which is tested elsewhere and takes seconds."""
    monkeypatch.setitem(loop.PRECISIONS, "float32", "64-true")
    monkeypatch.setattr(training_run, "export", lambda *_, **__: None)


def on_rank(settings, *, listen, questions, again=False):
    """In a process of its own: a whole training, and one that is stopped, which only the first rank is told."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(loop.PRECISIONS, "float32", "64-true")
        patch.setattr(training_run, "export", lambda *_, **__: None)
        return weights_and_run(settings, "two", listen=listen), weights_and_run(settings, "stopped", batches=30)


def weights_and_run(settings, name, batches=0, listen=ignore):
    """Train or go on in the folder `name`, up to so many batches."""
    trained, kept, keep = [], {}, training_run._keep

    def stop(event):
        listen(event)
        if isinstance(event, BatchDone):
            trained.append(event)
            if len(trained) == batches:
                signal.raise_signal(signal.SIGINT)

    def keep_both(model, *others):
        kept.update({name: tensor.detach().clone().numpy() for name, tensor in model.network.state_dict().items()})
        return keep(model, *others)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training_run, "_keep", keep_both)
        body = partial(training_run._train, settings=settings, name=name, again=True)
        run = body(listen=stop, questions=NobodyThere())
    return kept, run


def assert_close(found, wanted):
    assert found[0].keys() == wanted[0].keys()
    for name, values in wanted[0].items():
        np.testing.assert_allclose(found[0][name], values, rtol=0, atol=1e-7, err_msg=name)
    for epoch, other in zip(found[1].epochs, wanted[1].epochs, strict=True):
        assert epoch == pytest.approx(other, rel=1e-5)


def test_two_processes_learn_what_one_does_and_go_on_as_one(settings):
    """In 32 bit they differ as trainings do whose weights a rounding has moved."""

    events = []
    one = weights_and_run(settings, "one")
    two, stopped = launch(partial(on_rank, settings), 2, 1, events.append, NobodyThere())
    assert_close(two, one)
    assert [type(event) for event in events].count(BatchDone) == 50
    assert [event.epoch for event in events if isinstance(event, EpochDone)] == [1, 2]

    def files(run):
        return sorted(path.relative_to(run.folder).as_posix().split(".out.")[0] for path in run.folder.rglob("*"))

    assert files(two[1]) == files(one[1]), "one rank writes, and nothing is left"
    assert not list(settings.log_base.glob("*_2"))
    assert stopped[1].interrupted
    assert_close(weights_and_run(settings, "stopped"), one)


def test_what_cannot_be_launched_is_one_sentence(settings, monkeypatch):
    with pytest.raises(UsageError, match="NODES=2 needs a launcher: torchrun on each machine, or a Ray cluster"):
        training_run.train(settings.model_copy(update={"nodes": 2}))
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    with pytest.raises(SettingsError, match="DEVICES=2, but this machine has 1 GPUs"):
        training_run.train(settings.model_copy(update={"devices": 2}))
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    monkeypatch.setenv("WORLD_SIZE", "3")
    with pytest.raises(UsageError, match="torchrun has started 3 processes, but DEVICES × NODES is 2"):
        training_run.train(settings.model_copy(update={"devices": 2}))
