"""Runs whose folders lie in an object store, here moto's server."""

from pathlib import Path

import pytest
from tests.made import write_corpus
from tests.storage.object_store import BUCKET, content, keys, s3, s3_server

from acapella.errors import InputError, SettingsError
from acapella.experiments import training_run
from acapella.experiments.run_folder import remote
from acapella.experiments.training_run import resume, train
from acapella.settings import Settings
from acapella.storage import Address
from acapella.training.events import EpochDone, EpochStarted, Note, Saved

__all__ = ["s3", "s3_server"]


@pytest.fixture
def settings(tmp_path, monkeypatch):
    write_corpus(tmp_path / "corpus", tracks=2, seconds=0.5)
    monkeypatch.setattr(training_run, "export", lambda *_, **__: None)  # takes seconds, and is tested elsewhere
    monkeypatch.setattr(training_run, "draw_network", lambda *_, **__: None)
    return Settings(
        data=tmp_path / "corpus", log_base="s3://bucket/logs", fft=64, sample_rate=8000, batch=2, epochs=2,
        epoch_steps=4, chopparams={"scale": 16}, checkpoints="weights,tensorboard", normalizer="dummy",
    )  # fmt: skip


def test_an_address_is_told_from_a_path():
    assert remote(Path("s3://bucket/logs")) == Address("s3://bucket/logs")
    assert [remote(Path(path)) for path in ("logs", "/s3:/logs", ".", "http://host/logs")] == [None] * 4
    assert 'LOG_BASE="s3://bucket/logs"' in Settings(log_base="s3://bucket/logs").as_env()


@pytest.mark.slow
def test_a_run_lies_in_the_store_and_goes_on_from_there(settings, s3, tmp_path):
    class GoneError(Exception):
        pass

    def listen(event):
        said.append(event)
        if isinstance(event, EpochStarted) and event.epoch == 2:
            raise GoneError  # as if the machine were

    whole = train(settings.model_copy(update={"log_base": tmp_path / "logs"}), name="run")
    said = []
    with pytest.raises(GoneError):
        train(settings, listen, name="run")
    assert [type(event) for event in said].count(EpochDone) == 1
    assert Note("Run folder: s3://bucket/logs/run") in said
    assert {"best_weights.hdf5", "env", "resume.ckpt"} <= {key.removeprefix("logs/run/") for key in keys(s3)}
    run = resume(Path("s3://bucket/logs"))
    assert run.folder == Address("s3://bucket/logs/run")
    assert run.epochs == whole.epochs
    assert content(s3, "logs/run/weights/weights.h5") == whole.weights.read_bytes()
    assert content(s3, "logs/last").decode().strip() == "run"
    assert b'LOG_BASE="s3://bucket/logs"' in content(s3, "logs/run/env")
    assert any(key.startswith("logs/run/tensorboard/events") for key in keys(s3))
    assert not [key for key in keys(s3) if "partial" in key or "cache" in key]
    assert len(resume(Path("s3://bucket/logs/last"), epochs=3).epochs) == 3


@pytest.mark.slow
def test_a_store_that_is_gone_for_a_while_costs_nothing(settings, s3, monkeypatch):
    from acapella.storage import stores

    real, failures = stores.store, [InputError("s3://bucket: cannot be written (no route).")]

    def broken(path, address):
        if failures:
            raise failures.pop()
        real(path, address)

    monkeypatch.setattr(stores, "store", broken)
    said = []
    train(settings, said.append, name="run")
    assert any(isinstance(event, Note) and "It is tried again" in event.text for event in said)
    assert "logs/run/resume.ckpt" in keys(s3)
    assert sum(isinstance(event, Saved) for event in said) == 2


def test_what_is_not_there_is_one_sentence(s3):
    with pytest.raises(InputError, match="s3://bucket/logs holds no run to resume"):
        resume(Path("s3://bucket/logs"))
    s3.put_object(Bucket=BUCKET, Key="logs/run/env", Body=Settings().as_env().encode())
    with pytest.raises(InputError, match=r"s3://bucket/logs/run holds no resume\.ckpt"):
        resume(Path("s3://bucket/logs/run"))


def test_a_search_needs_a_disk():
    pytest.importorskip("optuna", reason="needs optuna, of the extra [search]")
    from acapella.experiments.study import open_study

    with pytest.raises(SettingsError, match="a search needs a folder on a disk"), open_study(Path("s3://b/logs"), None):
        pass
