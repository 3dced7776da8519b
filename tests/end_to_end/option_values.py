"""The table of options as tests walk it: values of each row, what else they need, and where each shows its effect."""

from typing import get_args, get_origin

from tests.chunk_networks import small

from acapella import Settings
from acapella.networks import NETWORKS
from acapella.networks.chunk_networks import CHUNK_NETWORKS
from acapella.settings import options_table
from acapella.settings.option_types import LossName

TINY = {  # a training of a second
    "FFT": "64",
    "SAMPLE_RATE": "8000",
    "BATCH": "2",
    "EPOCHS": "1",
    "EPOCH_STEPS": "4",
    "CHOPPARAMS": "{'scale': 16, 'step': 8, 'slices': 9}",
    "CHECKPOINTS": "",
}
ALL_SLICES = {"BATCH_GENERATOR": "keras", "EPOCH_STEPS": "0"}  # each slice once: which there are decides the result
FILTERED = {"CHOPNAME": "filtered", "CHOPPARAMS": "{'scale': 16, 'filter': 'maximum'}", **ALL_SLICES}

Given = dict[str, str]

# Values of options that cannot be listed. Beside a value are other options that it needs, which the training that
# it is compared with has as well. The option itself, among them, is the value to compare with, instead of the default.
EXAMPLES: dict[str, list[str | tuple[str, Given]]] = {
    "ANALYSIS_PATH": ["./elsewhere"],
    "BATCH": ["1", "3"],
    "DEVICES": ["1"],  # more start processes: tests/training/test_ranks.py
    "NODES": ["1"],
    "CHOPPARAMS": [
        ("", {"CHOPNAME": "full"}),
        "{'scale': 8}",
        ("{'scale': 16, 'upper': True}", {"CHOPPARAMS": "{'scale': 16}"}),
        (
            "{'scale': 16, 'step': [8, 16]}",
            {"CHOPNAME": "sliding", "CHOPPARAMS": "{'scale': 16, 'step': 16}", **ALL_SLICES},
        ),
        ("{'scale': 8, 'slices': 3}", {"CHOPNAME": "random", "CHOPPARAMS": "{'scale': 8, 'slices': 9}", **ALL_SLICES}),
        ("{'scale': 16, 'filter': 'mean'}", FILTERED),
        ("{'scale': 16, 'filter': 'mean'}", {**FILTERED, "CHOPNAME": "filtered_full"}),
    ],
    "DATA": ["../other_data"],
    "EARLY_STOPPING": [
        ("", {"CHECKPOINTS": "early_stopping"}),
        ("{'min_delta': 100, 'patience': 1}", {"CHECKPOINTS": "early_stopping", "EPOCHS": "4"}),
    ],
    "EPOCHS": ["1", "2"],
    "EPOCH_STEPS": ["3", ("0", {"BATCH_GENERATOR": "default"})],
    "FFT": ["64", "100"],
    "INFERENCE_SLICE": ["1", "3500"],
    "LOG_BASE": ["./elsewhere"],
    "MODEL_PARAMS": [
        "",
        *(
            (changed, {"MODEL_PARAMS": "{'alpha1': 0.1, 'alpha2': 0.01, 'rate': 0}"})
            for changed in ("{'alpha1': 0.3, 'rate': 0}", "{'alpha2': 0.3, 'rate': 0}", "{'rate': 0.5}")
        ),
    ],
    "LOSS": [
        *get_args(LossName)[:3],
        ("waveform_l1", {"NORMALIZER": "dummy"}),
        ("multi_resolution_stft", {"NORMALIZER": "dummy", "LOSS": "waveform_l1"}),
    ],
    "NORMALIZER_PARAMS": ["", "{'percentile': 90}"],
    "OPTIMIZER_PARAMS": [
        "",
        *(f"{{'{key}': {value}}}" for key, value in {"lr": 0.01, "beta_1": 0.8, "beta_2": 0.9, "epsilon": 0.1}.items()),
        "{'decay': 0.5}",
        ("{'learning_rate': 0.01}", {"OPTIMIZER": "rmsprop"}),
        ("{'rho': 0.5}", {"OPTIMIZER": "rmsprop"}),
    ],
    "PHASE_ITERATIONS": [("1", {"LEARN_PHASE": "False", "PHASE": "iterative"})],
    "SPLIT": ["0.5", "0.9"],
    "START_EPOCH": [("1", {"EPOCHS": "2"})],
    "TENSORBOARD": [("./curves", {"CHECKPOINTS": "tensorboard"})],
    "WEIGHTS": ["weights/mine.hdf5", "mine.h5", "mine.safetensors"],
    "MODEL": [
        *((name, {"CHOPNAME": "full"} if name == "tfc_tdf" else {}) for name in NETWORKS),
        *((name, small(name)) for name in CHUNK_NETWORKS),  # each with sizes of its own: compared with itself
    ],
    "SAMPLE_RATE": ["8000", "16000"],
    "CHANNELS": ["1", "2"],
    "VALIDATION_TRACKS": ["track1", "track0,track2", ("", {"VALIDATION_TRACKS": "track1"})],
    "TEST_TRACKS": ["track0", ("", {"TEST_TRACKS": "track0"})],
    "SEED": ["1"],
    "SOURCES": ["", "instrumental"],  # several, and a checkpoint: test_chunk_networks.py
    "FINE_TUNE": [""],
    "BINS": ["0", "24"],
    "SDR_EVERY": ["1"],
    "WORKERS": ["1"],
    "REMIX_PARAMS": [
        *(
            (changed, {"BATCH_GENERATOR": "remix", "REMIX_PARAMS": "{'together': 0}"})
            for changed in ("{'together': 0.9}", "{'together': 0, 'solo': 0.5}", "{'together': 0, 'gain': 0}")
        ),
        (
            "{'together': 0, 'tilt': 0}",
            {"BATCH_GENERATOR": "remix", "REMIX_PARAMS": "{'together': 0}", "CHANNELS": "2"},
        ),
        ("{'speed': 0.2}", {"BATCH_GENERATOR": "remix"}),
    ],
}
ALSO = {  # what a listed value needs
    ("CHECKPOINTS", "early_stopping"): {"EARLY_STOPPING": "{'min_delta': 100, 'patience': 1}", "EPOCHS": "4"},
    ("TENSORBOARD_INFO", "full"): {"CHECKPOINTS": "tensorboard"},
    ("TENSORBOARD_INFO", "default"): {"CHECKPOINTS": "tensorboard"},
    ("MONITOR", "val_sdr"): {"SDR_EVERY": "1"},
    ("PHASE", "iterative"): {"LEARN_PHASE": "False"},
    ("REPRESENTATION", "ri"): {"LEARN_PHASE": "False"},
    ("LOAD", "True"): {"WEIGHTS": "{weights}"},
    ("NORMALIZER", "percentile"): {"LEARN_PHASE": "False"},
    **{("CHOPNAME", name): ALL_SLICES for name in get_args(Settings.model_fields["chopname"].annotation)},
}
EFFECTS = {  # where an option shows its effect; the others change what the network makes of a song
    "CHECKPOINTS": "files",
    "EARLY_STOPPING": "epochs",
    "EPOCHS": "epochs",
    "INFERENCE_SLICE": "blocks",
    "LOG_BASE": "folder",
    "METRICS": "metrics",
    "QUIT": "questions",
    "SDR_EVERY": "metrics",
    "START_EPOCH": "epochs",
    "TENSORBOARD": "files",
    "TENSORBOARD_INFO": "curves",
    "WEIGHTS": "files",
    ("CHECKPOINTS", "early_stopping"): "epochs",
}
LEFT_BEHIND = {  # patterns below the run folder
    ("CHECKPOINTS", "tensorboard"): "tensorboard/events*",
    ("CHECKPOINTS", "weights"): "best_weights.hdf5",
    ("CHECKPOINTS", "epoch_weights"): "epoch_weights/epoch_001.hdf5",
    ("CHECKPOINTS", "error_visualization"): "error_visualization/epoch_001_channel_0.png",
    ("TENSORBOARD", "./curves"): "curves/events*",
    ("WEIGHTS", "mine.h5"): "mine.h5",
    ("WEIGHTS", "mine.safetensors"): "mine.safetensors",
    ("MODEL", "deep_unet"): "weights/weights.safetensors",
    ("WEIGHTS", "weights/mine.hdf5"): "weights/mine.hdf5",
}
ROWS = [line.split(" | ")[0].strip("| ") for line in options_table().splitlines()[2:]]


def values(name: str) -> list[tuple[str, Given]]:
    """All values of an option where its type lists them, else examples; each with what else is given."""
    if name in EXAMPLES:
        return [example if isinstance(example, tuple) else (example, {}) for example in EXAMPLES[name]]
    annotation = Settings.model_fields[name.lower()].annotation
    if get_origin(annotation) is tuple:
        annotation = get_args(annotation)[0]
    listed = ["True", "False"] if annotation is bool else list(get_args(annotation))
    return [(value, ALSO.get((name, value), {})) for value in listed]
