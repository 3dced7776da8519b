"""A training that was stopped goes on as if it had not been."""

import signal
import threading

import numpy as np
import pytest
import torch
from tests.chunk_networks import small
from tests.made import write_cached

from acapella.corpus.chunks import ChunkExamples
from acapella.corpus.examples import TrackExamples
from acapella.errors import CorpusError
from acapella.models.front_ends import SpectralFrontEnd
from acapella.settings import Settings
from acapella.settings.option_types import EarlyStopping
from acapella.training import resume
from acapella.training.events import BatchDone, EpochBrokenOff, EpochDone, EpochStarted, Note, Saved, ignore
from acapella.training.hooks import ProgressReport
from acapella.training.loop import fit, make_module, start_model
from acapella.training.resume import RESUME_NAME, Interruption

STEPS = 5


@pytest.fixture
def audio(tmp_path, rng):
    """Mixture and target."""
    noise = rng.uniform(-1, 1, (2, 1, 8000)).astype(np.float32)
    return [write_cached(tmp_path / str(part), noise[part]) for part in (0, 1)]


@pytest.fixture
def tracks(audio):
    front_end = SpectralFrontEnd(window_length=64, representation="ri")
    mixture, target = audio
    return [TrackExamples("song", front_end, mixture, [target], front_end.measure(mixture.pieces()))]


@pytest.fixture
def settings():
    return Settings(
        fft=64, batch=2, batch_generator="default", chopparams={"scale": 16}, epoch_steps=2 * STEPS, epochs=3,
        optimizer_params={"lr": 0.01, "decay": 0.1}, checkpoints="weights,early_stopping",
        early_stopping={"patience": 9}, normalizer="dummy",
    )  # fmt: skip


def train(tracks, settings, folder, point=None, validated=True, listen=ignore):
    """Weights and history after a training in `folder`."""
    folder.mkdir(exist_ok=True)
    model = start_model(settings)
    module = make_module(model, settings, tracks, tracks if validated else [])
    epochs, interrupted = fit(module, settings, folder, listen, point)
    return model.network.state_dict(), epochs, interrupted


class StopAfter:
    """Calls Ctrl-C's handler once so many batches have been trained."""

    def __init__(self, batches, monkeypatch):
        self.left = batches
        original = ProgressReport.on_train_batch_end

        def count(report, *arguments):
            original(report, *arguments)
            self.left -= 1
            if self.left == 0:
                signal.raise_signal(signal.SIGINT)

        monkeypatch.setattr(ProgressReport, "on_train_batch_end", count)


def assert_same(one, other):
    for (name, first), second in zip(one[0].items(), other[0].values(), strict=True):
        assert torch.equal(first, second), name
    assert one[1] == other[1]


@pytest.mark.slow
@pytest.mark.parametrize("batches", [1, STEPS - 1, STEPS, STEPS + 2])
@pytest.mark.parametrize("validated", [True, False])
def test_an_interrupted_training_ends_as_an_uninterrupted_one(
    tracks, settings, tmp_path, monkeypatch, batches, validated
):
    whole = train(tracks, settings, tmp_path / "whole", validated=validated)
    with monkeypatch.context() as patch:
        StopAfter(batches, patch)
        stopped = train(tracks, settings, tmp_path / "stopped", validated=validated)
    assert stopped[2], "it was interrupted"
    point = tmp_path / "stopped" / RESUME_NAME
    resumed = train(tracks, settings, tmp_path / "stopped", point if point.exists() else None, validated=validated)
    assert_same(resumed, whole)
    best = [(tmp_path / folder / "best_weights.hdf5").read_bytes() for folder in ("whole", "stopped")]
    assert best[0] == best[1]


@pytest.mark.slow
def test_chunks_of_waveforms_go_on_likewise(audio, tmp_path, monkeypatch):
    training = {"BATCH": "2", "EPOCH_STEPS": "10", "EPOCHS": "2", "CHECKPOINTS": "weights"}
    chunks = Settings(**small("bs_roformer"), **training)
    examples = [ChunkExamples("song", audio[0], audio[1:], None, length=512, hop=32)]
    whole = train(examples, chunks, tmp_path / "whole")
    with monkeypatch.context() as patch:
        StopAfter(STEPS + 2, patch)
        train(examples, chunks, tmp_path / "stopped")
    assert_same(train(examples, chunks, tmp_path / "stopped", tmp_path / "stopped" / RESUME_NAME), whole)


@pytest.mark.slow
def test_a_listener_is_told_of_every_batch_and_epoch(tracks, settings, tmp_path, monkeypatch):
    events = []
    two = settings.model_copy(update={"epochs": 2})
    _, epochs, _ = train(tracks, two, tmp_path / "whole", listen=events.append)
    story = [EpochStarted, *[BatchDone] * STEPS, EpochDone, Saved]
    assert [type(event) for event in events] == [*story, *story]
    assert events[0] == EpochStarted(1, 2, STEPS)
    assert [(event.epoch, event.batch) for event in events[-2 - STEPS : -2]] == [
        (2, batch + 1) for batch in range(STEPS)
    ]
    assert {"epoch": 2, **events[-2].numbers} == epochs[1]
    stopped = []
    StopAfter(2, monkeypatch)
    train(tracks, two, tmp_path / "stopped", listen=stopped.append)
    assert [type(event) for event in stopped] == [EpochStarted, BatchDone, BatchDone, Note, Saved, EpochBrokenOff]


@pytest.mark.slow
def test_a_killed_training_goes_on_from_its_last_point(tracks, settings, tmp_path, monkeypatch):
    whole = train(tracks, settings, tmp_path / "whole")
    monkeypatch.setattr(resume, "SAVE_EVERY", 0.0)  # after each batch

    def die(report, *arguments):
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(ProgressReport, "on_validation_end", die)
        with pytest.raises(MemoryError):
            train(tracks, settings, tmp_path / "killed")
    resumed = train(tracks, settings, tmp_path / "killed", tmp_path / "killed" / RESUME_NAME)
    assert_same(resumed, whole)


@pytest.mark.slow
def test_early_stopping_ends_a_training_for_good(tracks, settings, tmp_path, monkeypatch):
    stopping = settings.model_copy(update={"early_stopping": EarlyStopping(min_delta=100, patience=1), "epochs": 9})
    whole = train(tracks, stopping, tmp_path / "whole")
    assert len(whole[1]) == 2
    point = tmp_path / "whole" / RESUME_NAME
    assert_same(train(tracks, stopping, tmp_path / "whole", point), whole)
    more = train(tracks, stopping.model_copy(update={"epochs": 10}), tmp_path / "whole", point)
    assert len(more[1]) == 3


@pytest.mark.slow
def test_a_corpus_that_has_changed_is_one_sentence(tracks, settings, tmp_path):
    everything = settings.model_copy(update={"batch_generator": "keras", "epochs": 1})
    train(tracks, everything, tmp_path / "run")
    with pytest.raises(CorpusError, match="another number of slices"):
        train(tracks * 2, everything.model_copy(update={"epochs": 2}), tmp_path / "run", tmp_path / "run" / RESUME_NAME)


@pytest.mark.slow
def test_more_epochs_go_on_from_the_last(tracks, settings, tmp_path):
    whole = train(tracks, settings, tmp_path / "whole")
    train(tracks, settings.model_copy(update={"epochs": 1}), tmp_path / "parts")
    assert_same(train(tracks, settings, tmp_path / "parts", tmp_path / "parts" / RESUME_NAME), whole)


def test_a_second_ctrl_c_ends_at_once():
    before = signal.getsignal(signal.SIGINT)
    said = []
    with Interruption(said.append) as interruption:
        assert not interruption.wished
        signal.raise_signal(signal.SIGINT)
        assert interruption.wished
        assert said == ["Stopping after this batch or validation; Ctrl-C again stops at once."]
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads_train_without_handling_signals():
    failed = []

    def enter():
        try:
            with Interruption(print):
                pass
        except ValueError as error:
            failed.append(error)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert not failed
