from pathlib import Path

import pytest
from tests.settings.table import TABLE

from acapella.settings import Settings
from acapella.settings.text import read_exports

ROOT = Path(__file__).parents[2]

ENVS = ROOT / "envs"
PRESETS = {
    "lps": {
        "LEARN_PHASE": False,
        "CHOPNAME": "random",
        "CHOPPARAMS": {"scale": 256, "step": 64, "slices": 256, "upper": True, "filter": "maximum"},
        "EPOCHS": 30,
        "MODEL_PARAMS": {"alpha1": 0.1, "alpha2": 0.01, "rate": 0},
        "WEIGHTS": "weights/weights_lps.hdf5",
    },
    "ri": {
        "LEARN_PHASE": True,
        "CHOPNAME": "tile",
        "CHOPPARAMS": {"scale": 256, "step": 64, "slices": 256, "upper": False, "filter": "maximum"},
        "EPOCHS": 30,
        "WEIGHTS": "weights/weights_ri.hdf5",
    },
    "acapellabot_retrained": {
        "LEARN_PHASE": False,
        "BATCH_GENERATOR": "keras",
        "CHOPNAME": "tile",
        "CHOPPARAMS": {"scale": 128, "upper": False},
        "EPOCHS": 30,
        "EPOCH_STEPS": 0,
        "NORMALIZER": "dummy",
        "NORMALIZER_PARAMS": {},
        "MODEL": "leaky_dropout",
        "MODEL_PARAMS": {"rate": 0},
        "LOG_BASE": "logs-random",
        "WEIGHTS": "weights/weights_acapellabot_retrained.hdf5",
    },
    "ci": {"EPOCHS": 1, "BATCH": 1, "EPOCH_STEPS": 10},
}


@pytest.mark.parametrize("name", PRESETS)
def test_preset(name: str) -> None:
    assert (ENVS / name).read_text().startswith("# ")
    assert read_exports(ENVS / name).keys() == PRESETS[name].keys()
    assert Settings.read(ENVS / name) == Settings(**PRESETS[name])


def test_default_preset_is_the_table() -> None:
    exported = read_exports(ENVS / "default")
    assert exported.items() >= TABLE.items()
    assert exported.keys() == {name.upper() for name in Settings.model_fields}
    assert Settings.read(ENVS / "default") == Settings()


def test_there_are_no_other_presets() -> None:
    assert {path.name for path in ENVS.iterdir()} == {"default", "bundled", "mir1k", "small", *PRESETS}
    assert Settings.read(ENVS / "bundled").representation_name == "amplitude"
    assert Settings.read(ENVS / "mir1k").model == "tfc_tdf"
    assert Settings.read(ENVS / "small").epochs == 5
