from pathlib import Path

import pytest
import torch

from acapella.conversion.keras_weights import save_keras_weights
from acapella.errors import ModelFileError
from acapella.experiments.training_run import weights_to_load
from acapella.settings import Settings
from acapella.training.loop import start_model


def same(first, second) -> bool:
    pairs = zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    return all(torch.equal(one, other) for one, other in pairs)


def test_seed_decides_the_first_weights():
    first, again, other = (start_model(Settings(seed=seed)).network for seed in (1, 1, 2))
    assert same(first, again)
    assert not same(first, other)


def test_load_begins_with_the_weights(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trained = start_model(Settings(seed=5)).network
    Path("weights").mkdir()
    save_keras_weights(trained, Path("weights/weights.h5"))
    assert weights_to_load(Settings()) is None
    loaded = start_model(Settings(), weights_to_load(Settings(load=True))).network
    keys = [key for key in trained.state_dict() if not key.endswith("num_batches_tracked")]
    assert all(torch.equal(trained.state_dict()[key], loaded.state_dict()[key]) for key in keys)


def test_load_without_weights_is_one_sentence(tmp_path):
    with pytest.raises(ModelFileError, match=r"LOAD=True, but there is no file WEIGHTS='nowhere\.h5'"):
        weights_to_load(Settings(load=True, weights="nowhere.h5", log_base=tmp_path))
