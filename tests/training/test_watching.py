"""What is measured, kept and said while a network is trained."""

import re
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from tests.made import write_corpus

from acapella import Settings, metrics
from acapella.conversion.torch_runtime import load_in_torch
from acapella.corpus.cache import Cache
from acapella.corpus.tracks import find_tracks
from acapella.errors import SettingsError
from acapella.experiments import training_run
from acapella.experiments.training_run import train
from acapella.isolation.isolator import Isolator
from acapella.training.estimate import spoken
from acapella.training.events import Note
from acapella.training.loop import start_model
from acapella.training.track_sdr import TrackSDR, open_references

TINY = {
    "FFT": "64",
    "SAMPLE_RATE": "8000",
    "BATCH": "2",
    "EPOCHS": "3",
    "EPOCH_STEPS": "4",
    "CHOPPARAMS": "{'scale': 16}",
    "CHECKPOINTS": "",
    "VALIDATION_TRACKS": "track3",
    "WEIGHTS": "weights.safetensors",
    "DATA": "corpus",
}


@pytest.fixture(autouse=True)
def corpus(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(training_run, "export", lambda *_, **__: None)
    monkeypatch.setattr(training_run, "draw_network", lambda *_, **__: None)
    write_corpus(tmp_path / "corpus", tracks=4, seconds=0.5)


def test_the_sdr_of_an_epoch_is_that_of_the_separated_track():
    run = train(Settings(**TINY, SDR_EVERY="2"))
    assert ["val_sdr" in epoch for epoch in run.epochs] == [False, True, True]  # every second, and the last
    settings = Settings(**TINY)
    (track,) = (track for track in find_tracks(settings.data)[0] if track.name == "track3")
    model = load_in_torch(run.weights, settings)
    mixture, vocal = Cache(run.folder, model.description.front_end).mixture_and_stems(track, ["vocal"])
    stems = Isolator(model).isolate(mixture.read(0, mixture.samples).T, 8000)
    expected = metrics.usdr(vocal.read(0, vocal.samples).T, stems["vocal"])
    assert run.epochs[-1]["val_sdr"] == pytest.approx(expected, abs=1e-3)


def test_silent_tracks_have_no_sdr(tmp_path):
    settings = Settings(**TINY)
    model, cache = start_model(settings), Cache(tmp_path / "cache", start_model(settings).description.front_end)
    references = open_references(find_tracks(settings.data)[0][:1], model, cache)
    assert np.isfinite(TrackSDR(model, references, 1).measure())
    references[0][1].path.write_bytes(bytes(references[0][1].path.stat().st_size))
    assert np.isnan(TrackSDR(model, references, 1).measure())


def test_best_weights_are_those_of_the_highest_sdr(monkeypatch):
    measured = iter([1.0, 5.0, 3.0])
    monkeypatch.setattr(TrackSDR, "measure", lambda _: next(measured))
    given = {**TINY, "SDR_EVERY": "1", "MONITOR": "val_sdr", "CHECKPOINTS": "weights,epoch_weights"}
    run = train(Settings(**given))
    assert [epoch["val_sdr"] for epoch in run.epochs] == [1, 5, 3]
    best = (run.folder / "best_weights.hdf5").read_bytes()
    kept = {path.name: path.read_bytes() for path in (run.folder / "epoch_weights").iterdir()}
    assert sorted(kept) == [f"epoch_00{number}.hdf5" for number in (1, 2, 3)]
    assert best == kept["epoch_002.hdf5"] != kept["epoch_003.hdf5"]


def test_early_stopping_goes_by_the_sdr(monkeypatch):
    measured = iter([5.0, 1.0, 1.0, 1.0])
    monkeypatch.setattr(TrackSDR, "measure", lambda _: next(measured))
    given = {"MONITOR": "val_sdr", "SDR_EVERY": "2", "CHECKPOINTS": "early_stopping", "EPOCHS": "9"}
    run = train(Settings(**{**TINY, **given}, EARLY_STOPPING="{'patience': 2, 'min_delta': 0}"))
    assert len(run.epochs) == 6  # the best in the second epoch, none better in the fourth and sixth


def test_an_sdr_that_is_not_measured_cannot_decide():
    with pytest.raises(SettingsError, match="MONITOR='val_sdr' needs SDR_EVERY"):
        Settings(**TINY, MONITOR="val_sdr")
    for path in (path for number in (1, 2, 3) for path in Path("corpus").glob(f"track{number}_*")):
        path.unlink()
    with pytest.raises(SettingsError, match="MONITOR='val_sdr' needs a validation track"):
        train(Settings(**{**TINY, "VALIDATION_TRACKS": ""}, SDR_EVERY=1, MONITOR="val_sdr"))


def test_workers_prepare_the_same_batches():
    alone, helped = (train(Settings(**{**TINY, "EPOCHS": "2"}, WORKERS=number)) for number in (0, 2))
    expected, actual = load_file(alone.weights), load_file(helped.weights)
    for name in expected:
        np.testing.assert_array_equal(actual[name], expected[name])


def test_the_time_is_told_before_the_first_epoch_and_changes_nothing(monkeypatch):
    told: list[object] = []
    given = {**TINY, "EPOCHS": "2", "EPOCH_STEPS": "8"}
    monkeypatch.setattr("acapella.training.estimate.FEWEST", 8)
    monkeypatch.setattr("acapella.training.estimate.DAY", 1e-6)
    run = train(Settings(**given), told.append)
    texts = [event.text if isinstance(event, Note) else type(event).__name__ for event in told]
    (place,) = (number for number, text in enumerate(texts) if text.startswith("This will take about"))
    assert re.search(r"for 2 epochs of 4 batches: \S+ s a batch and \d+ s to validate\.", texts[place])
    assert texts[place + 1].startswith("That is more than a day; fewer EPOCHS or EPOCH_STEPS")
    assert place < texts.index("EpochStarted")
    monkeypatch.setattr("acapella.training.estimate.FEWEST", 1000)
    again = train(Settings(**given))
    for name, weights in load_file(again.weights).items():
        np.testing.assert_array_equal(load_file(run.weights)[name], weights)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (89, "89 s"), (91, "2 min"), (3599, "1 h 0 min"), (12000, "3 h 20 min"), (200000, "2 days 7 h")],
)
def test_times_are_spoken_in_two_units(seconds, text):
    assert spoken(seconds) == text
