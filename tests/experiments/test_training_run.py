"""A training and its folder: more epochs, not saving, going on."""

import json

import pytest
from tests.made import write_corpus

from acapella.errors import InputError
from acapella.experiments.run_folder import create_run_folder, last_run
from acapella.experiments.training_run import resume, train, train_or_resume
from acapella.settings import Settings


class Answers:
    """Somebody who wants so many more epochs, one after the other, and then to save or not."""

    def __init__(self, epochs=(), save=True):
        self._epochs = list(epochs)
        self._save = save

    def more_epochs(self):
        return self._epochs.pop(0) if self._epochs else 0

    def save(self):
        return self._save


@pytest.fixture
def settings(tmp_path):
    write_corpus(tmp_path / "corpus", tracks=2, seconds=0.5)
    return Settings(
        data=tmp_path / "corpus", log_base=tmp_path / "logs", fft=64, sample_rate=8000, batch=2, epochs=1,
        epoch_steps=4, chopparams={"scale": 16}, checkpoints="", normalizer="dummy",
    )  # fmt: skip


def epochs_in(run):
    return [epoch["epoch"] for epoch in json.loads((run.folder / "metrics.json").read_text())]


@pytest.mark.slow
def test_more_epochs_are_trained_while_they_are_wanted(settings):
    run = train(settings.model_copy(update={"quit": False}), questions=Answers([2, 1]))
    assert epochs_in(run) == [1, 2, 3, 4]
    assert Settings.read(run.folder / "env").epochs == 4
    assert last_run(settings.log_base) == run.folder


@pytest.mark.slow
def test_epochs_are_counted_from_start_epoch(settings):
    run = train(settings.model_copy(update={"quit": False, "start_epoch": 1, "epochs": 2}), questions=Answers([1]))
    assert epochs_in(run) == [2, 3]


@pytest.mark.slow
def test_weights_that_nobody_wants_are_not_saved(settings):
    run = train(settings.model_copy(update={"quit": False}), questions=Answers(save=False))
    assert run.weights is run.model is None
    assert not list(run.folder.rglob("*.h5"))
    assert last_run(settings.log_base) is None


@pytest.mark.slow
def test_with_quit_nobody_is_asked_and_the_run_can_go_on(settings, tmp_path, monkeypatch):
    run = train(settings, name="mine", questions=Answers([9], save=False))
    assert run.folder == tmp_path / "logs/mine"
    assert epochs_in(run) == [1]
    monkeypatch.setenv("FFT", "128")  # the run's own settings count
    moved = (tmp_path / "corpus").rename(tmp_path / "elsewhere")
    resumed = resume(run.folder, data=moved, epochs=2)
    assert epochs_in(resumed) == [1, 2]
    assert epochs_in(resume(run.folder)) == [1, 2], "the new number of epochs and place of the corpus count"
    assert resumed.folder == run.folder
    assert resumed.weights.is_file()


@pytest.mark.slow
def test_a_run_of_that_name_and_settings_is_gone_on_with(settings):
    first = train_or_resume(settings, name="1")
    again = train_or_resume(settings, name="1")
    assert again.folder.resolve() == first.folder.resolve()
    assert epochs_in(again) == [1]
    quiet = train_or_resume(settings.model_copy(update={"quit": False}), name="1")
    assert quiet.folder.resolve() == first.folder.resolve()
    other = train_or_resume(settings.model_copy(update={"seed": 7}), name="1")
    assert other.folder != first.folder
    assert train_or_resume(settings.model_copy(update={"seed": 7}), name="1").folder == other.folder.resolve()


@pytest.mark.slow
def test_log_base_stands_for_its_newest_run(settings):
    finished = train(settings, name="finished")
    unsaved = train(settings.model_copy(update={"quit": False}), name="newest", questions=Answers(save=False))
    assert last_run(settings.log_base) == finished.folder
    resumed = resume(settings.log_base, epochs=2)
    assert resumed.folder == unsaved.folder
    assert last_run(settings.log_base) == unsaved.folder
    assert epochs_in(resume(settings.log_base / "last", epochs=3)) == [1, 2, 3]


def test_what_cannot_be_resumed_is_one_sentence(tmp_path, settings):
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(InputError, match="holds no run to resume; name a run folder, or LOG_BASE"):
            resume(folder)
    create_run_folder(settings, "begun")
    for folder in (settings.log_base, settings.log_base / "begun"):
        with pytest.raises(InputError, match=r"begun holds no resume\.ckpt: this run cannot be resumed"):
            resume(folder)
