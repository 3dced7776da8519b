"""Walks the table of options: a tiny training, and a separation, with each value of each row."""

import math
import os
from typing import get_args, get_origin

import numpy as np
import pytest
from tests.made import write_corpus

from acapella import Isolator, Settings
from acapella.conversion.torch_runtime import load_in_torch
from acapella.experiments import training_run
from acapella.experiments.training_run import train
from acapella.settings import options_table

TINY = {
    "FFT": "64",
    "SAMPLE_RATE": "8000",
    "BATCH": "2",
    "EPOCHS": "1",
    "EPOCH_STEPS": "4",
    "CHOPPARAMS": "{'scale': 16, 'step': 8, 'slices': 9}",
    "CHECKPOINTS": "",
}
FROM_START = {"BATCH_GENERATOR": "keras", "EPOCH_STEPS": "0"}  # which slices there are decides what is learnt

# For the rows whose values cannot be listed; what else a value needs stands beside it.
EXAMPLES: dict[str, list[str | tuple[str, dict[str, str]]]] = {
    "ANALYSIS_PATH": ["./elsewhere"],
    "BATCH": ["1", "3"],
    "CHOPPARAMS": [
        ("", {"CHOPNAME": "full"}),
        "{'scale': 8}",
        "{'scale': 16, 'upper': True}",
        ("{'scale': 8, 'step': [4, 16]}", {"CHOPNAME": "sliding"}),
        ("{'scale': 8, 'slices': 3}", {"CHOPNAME": "random", **FROM_START}),
        ("{'scale': 8, 'filter': 'mean'}", {"CHOPNAME": "filtered", **FROM_START}),
        ("{'scale': 8, 'filter': 'maximum'}", {"CHOPNAME": "filtered_full", **FROM_START}),
    ],
    "DATA": ["../bot_data"],
    "EARLY_STOPPING": [
        ("", {"CHECKPOINTS": "early_stopping"}),
        ("{'min_delta': 100, 'patience': 1}", {"CHECKPOINTS": "early_stopping", "EPOCHS": "9"}),
    ],
    "EPOCHS": ["1", "2"],
    "EPOCH_STEPS": ["3", ("0", {"BATCH_GENERATOR": "default"})],
    "FFT": ["64", "100"],
    "INFERENCE_SLICE": ["1", "3500"],
    "LOG_BASE": ["./elsewhere"],
    "MODEL_PARAMS": ["", "{'alpha1': 0, 'alpha2': 0, 'rate': 0}", "{'alpha1': 0.3, 'alpha2': 0.2, 'rate': 0.5}"],
    "NORMALIZER_PARAMS": ["", "{'percentile': 90}"],
    "OPTIMIZER_PARAMS": [
        "",
        "{'lr': 0.01, 'beta_1': 0.8, 'beta_2': 0.99, 'epsilon': 1e-6, 'decay': 0.1}",
        ("{'learning_rate': 0.01, 'rho': 0.8}", {"OPTIMIZER": "rmsprop"}),
    ],
    "PHASE_ITERATIONS": [("1", {"LEARN_PHASE": "False", "PHASE": "iterative"})],
    "SPLIT": ["0.5", "0.9"],
    "START_EPOCH": [("1", {"EPOCHS": "2"})],
    "TENSORBOARD": [("./curves", {"CHECKPOINTS": "tensorboard"})],
    "WEIGHTS": ["weights/mine.hdf5", "mine.h5"],
    "SAMPLE_RATE": ["8000", "16000"],
    "CHANNELS": ["1", "2"],
    "VALIDATION_TRACKS": ["track1", "track0,track2", ""],
    "TEST_TRACKS": ["track0", ""],
    "SEED": ["1"],
    "BINS": ["0", "24"],
    "REMIX_PARAMS": [
        ("{'together': 0, 'gain': 3}", {"BATCH_GENERATOR": "remix", "CHANNELS": "2"}),
        ("{'speed': 0.2}", {"BATCH_GENERATOR": "remix"}),
    ],
}
ALSO = {  # what a listed value needs
    ("BATCH_GENERATOR", "tracks"): {},
    ("TENSORBOARD_INFO", "full"): {"CHECKPOINTS": "tensorboard"},
    ("TENSORBOARD_INFO", "default"): {"CHECKPOINTS": "tensorboard"},
    ("PHASE", "iterative"): {"LEARN_PHASE": "False"},
    ("MODEL", "tfc_tdf"): {"CHOPNAME": "full"},
    ("LOAD", "True"): {"WEIGHTS": "{weights}"},
    ("NORMALIZER", "percentile"): {"LEARN_PHASE": "False"},
    **{("CHOPNAME", name): FROM_START for name in ("filtered", "filtered_full", "random", "random_full", "sliding")},
}
LEFT_BEHIND = {  # patterns below the run's folder
    ("CHECKPOINTS", "tensorboard"): "tensorboard/events*",
    ("CHECKPOINTS", "weights"): "best_weights.hdf5",
    ("CHECKPOINTS", "error_visualization"): "error_visualization/epoch_001_channel_0.png",
    ("TENSORBOARD", "./curves"): "curves/events*",
    ("WEIGHTS", "mine.h5"): "mine.h5",
    ("WEIGHTS", "weights/mine.hdf5"): "weights/mine.hdf5",
}


def values(name: str) -> list[tuple[str, dict[str, str]]]:
    """All values of an option where its type lists them, else examples; each with what else it needs."""
    if name in EXAMPLES:
        return [example if isinstance(example, tuple) else (example, {}) for example in EXAMPLES[name]]
    annotation = Settings.model_fields[name.lower()].annotation
    if get_origin(annotation) is tuple:
        annotation = get_args(annotation)[0]
    listed = ["True", "False"] if annotation is bool else list(get_args(annotation))
    return [(value, ALSO.get((name, value), {})) for value in listed]


ROWS = [line.split(" | ")[0].strip("| ") for line in options_table().splitlines()[2:]]
WALK = [pytest.param(name, value, also, id=f"{name}={value}") for name in ROWS for value, also in values(name)]


def test_every_row_has_values():
    assert [name.lower() for name in ROWS] == list(Settings.model_fields)
    assert all(values(name) for name in ROWS)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with a corpus, a bare environment, and no exporting, which is tested elsewhere and takes seconds."""
    write_corpus(tmp_path / "bot_data", tracks=4, seconds=0.5)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for name in os.environ.keys() & set(ROWS):
        monkeypatch.delenv(name)
    monkeypatch.setattr(training_run, "export_model", lambda *_, **__: None)
    monkeypatch.setattr(training_run, "draw_network", lambda *_, **__: None)
    return tmp_path / "here"


@pytest.mark.slow
@pytest.mark.parametrize(("name", "value", "also"), [walk for walk in WALK if walk.id != "CHOPNAME=infere"])
def test_a_training_with(name, value, also, place):
    given = {**TINY, **also, name: value}
    if "{weights}" in given.get("WEIGHTS", ""):
        given["WEIGHTS"] = str(train(Settings(**TINY)).weights)
    settings = Settings(**given)
    run = train(settings)
    assert run.epochs
    assert all(math.isfinite(number) for epoch in run.epochs for number in epoch.values())
    assert settings.log_base.resolve() in run.folder.resolve().parents
    pattern = LEFT_BEHIND.get((name, value))
    assert pattern is None or list(run.folder.glob(pattern))
    if (name, value) == ("EARLY_STOPPING", "{'min_delta': 100, 'patience': 1}"):
        assert len(run.epochs) == 2

    isolator = Isolator(
        load_in_torch(run.weights, settings),
        phase=settings.phase,
        phase_iterations=settings.phase_iterations,
        block_frames=settings.inference_slice,
    )
    song = np.random.default_rng(0).uniform(-0.5, 0.5, (3000, 2)).astype(np.float32)
    stems = isolator.isolate(song, 8000)
    assert all(np.isfinite(stem).all() for stem in stems.values())
    if isolator.sums_to_mixture:
        np.testing.assert_allclose(stems["vocal"] + stems["instrumental"], song, atol=1e-6)


def test_infere_is_refused_for_training(place):
    from acapella.errors import SettingsError

    with pytest.raises(SettingsError, match="CHOPNAME='infere' is for isolating only"):
        train(Settings(**TINY, CHOPNAME="infere"))
    assert not (place / "logs").exists()
