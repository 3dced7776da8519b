"""The options as the original has them, those that are ours, and what is wrong with a value."""

from typing import Any

import pytest

from acapella.errors import SettingsError
from acapella.settings import Settings

TABLE = {  # the original's options and defaults, in its order
    "ANALYSIS_PATH": "./analysis",
    "BATCH": "8",
    "BATCH_GENERATOR": "random",
    "CHECKPOINTS": "tensorboard,weights",
    "CHOPNAME": "tile",
    "CHOPPARAMS": "{'scale': 128, 'step': 64, 'slices': 256, 'upper': False, 'filter': 'maximum'}",
    "DATA": "../bot_data",
    "EARLY_STOPPING": "{'min_delta': 0.001, 'patience': 3}",
    "EPOCHS": "10",
    "EPOCH_STEPS": "50000",
    "FFT": "1536",
    "INFERENCE_SLICE": "3500",
    "INSTRUMENTAL": "False",
    "LOAD": "False",
    "LOG_BASE": "./logs",
    "LOSS": "mean_squared_error",
    "METRICS": "mean_pred,max_pred",
    "MODEL": "leaky_dropout",
    "MODEL_PARAMS": "{'alpha1': 0.1, 'alpha2': 0.01, 'rate': 0.1}",
    "NORMALIZER": "percentile",
    "NORMALIZER_PARAMS": "{'percentile': 99}",
    "OPTIMIZER": "adam",
    "OPTIMIZER_PARAMS": "",
    "PHASE_ITERATIONS": "10",
    "LEARN_PHASE": "True",
    "QUIT": "True",
    "SPLIT": "0.9",
    "START_EPOCH": "0",
    "TENSORBOARD": "./tensorboard",
    "TENSORBOARD_INFO": "default",
    "WEIGHTS": "weights/weights.h5",
}
OURS = ["PHASE", "SAMPLE_RATE", "CHANNELS", "REPRESENTATION", "BINS", "REMIX_PARAMS"]
OURS += ["VALIDATION_TRACKS", "TEST_TRACKS", "PRECISION", "DEVICES", "NODES"]
OURS += ["SDR_EVERY", "MONITOR", "WORKERS", "SEED", "SOURCES", "FINE_TUNE"]
CHOPNAMES = "tile, full, sliding, sliding_full, filtered, filtered_full, random, random_full, infere"


def message(**options: Any) -> str:
    """What the error says about `options`."""
    with pytest.raises(SettingsError) as caught:
        Settings(**options)
    assert caught.value.__cause__ is None
    return str(caught.value)
