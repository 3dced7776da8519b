"""What each run trains on and how, by name: those of the free model, and those of the five folds."""

from dataclasses import dataclass

from recordings import FOLDS

SPLEETER = "weights/spleeter_vocals.hdf5"
INSTRUMENTALS = {
    "beats": 3.0, "extremetuxracer-data": 0.7, "fretsonfire-songs-muldjord": 1.5, "hedgewars-data": 1.5,
    "hyperrogue-music": 1.0, "singularity-music": 1.0, "supertux-data": 2.0, "ufoai-music": 3.0,
    "warzone2100-music": 1.0, "wesnoth-1.16-music": 1.0,
}  # fmt: skip


@dataclass(frozen=True)
class Corpora:
    """From which corpora each part of an example comes, as relative weights."""

    vocals: dict[str, float]
    instrumentals: dict[str, float]
    songs: dict[str, float]
    distillation: dict[str, float]


@dataclass(frozen=True)
class Plan:
    """A run. `kinds` are relative weights of the kinds of examples (mixtures.py).

    `start` is a file of weights below the working folder, `fold` the one that is left out (-1: none), `free` whether
    only recordings that are free for any use are taken. The run ends after `last_step`, if that is before `steps`,
    which the learning rate is scheduled for.
    """

    start: str
    kinds: dict[str, float]
    corpora: Corpora
    steps: int
    last_step: int
    free: bool = True
    fold: int = -1
    batch: int = 8
    learning_rate: float = 6e-5
    decay: float = 0.3  # share of the steps over which the learning rate falls to zero, at the end
    averaging: float = 0.98  # of the exponential moving average of the weights
    teacher: float = 0.5  # weight of the teacher in the loss where the true vocals are known, too
    dropout: bool = False
    seed: int = 0
    keep_every: int = 25


FREE = Corpora(
    vocals={
        "eif": 0.25, "vox_producerspace_cc0": 0.35, "vox_pjs_24k_ccbysa": 0.15, "vox_vocalset4_ccby": 0.1,
        "singing": 0.05,
    },
    instrumentals={"eif": 3.0, **INSTRUMENTALS},
    songs={"eif": 1.0},
    distillation={"eif": 0.5, "mars": 0.5},
)  # fmt: skip
ALL = Corpora(
    vocals={
        "musdb": 0.4, "eif": 0.1, "mir1k": 0.12, "vox_producerspace_cc0": 0.2, "vox_pjs_24k_ccbysa": 0.07,
        "vox_vocalset4_ccby": 0.06, "singing": 0.05,
    },
    instrumentals={"musdb": 8.0, "eif": 1.5, "mir1k": 1.5, **INSTRUMENTALS},
    songs={"musdb": 0.65, "eif": 0.13, "mir1k": 0.22},
    distillation={"musdb": 0.7, "eif": 0.15, "mars": 0.15},
)  # fmt: skip

PLANS = {
    "free0": Plan(
        SPLEETER,
        {"remix": 0.44, "distillation": 0.2, "song": 0.1, "instrumental": 0.13, "vocals": 0.04, "speech": 0.09},
        FREE, steps=120, last_step=40, learning_rate=1e-4, decay=0.01, dropout=True, keep_every=40,
    ),
    "free1": Plan(
        SPLEETER,
        {"remix": 0.4, "distillation": 0.35, "song": 0.1, "instrumental": 0.04, "vocals": 0.04, "speech": 0.07},
        FREE, steps=200, last_step=40, learning_rate=8e-5, decay=0.7, keep_every=40,
    ),
    "free2": Plan(
        "weights/free_a.safetensors",
        {
            "remix": 0.28, "karaoke": 0.14, "distillation": 0.35, "song": 0.1, "instrumental": 0.03, "vocals": 0.04,
            "speech": 0.06,
        },
        FREE, steps=150, last_step=75, decay=0.6, seed=2,
    ),
    "free3": Plan(
        "runs/free2/average_75.safetensors",
        {
            "remix": 0.27, "karaoke": 0.12, "distillation": 0.33, "song": 0.1, "instrumental": 0.1, "vocals": 0.03,
            "speech": 0.05,
        },
        FREE, steps=90, last_step=90, decay=0.8, averaging=0.97, seed=3, keep_every=30,
    ),
}  # fmt: skip

PLANS |= {
    f"fold{fold}": Plan(
        "weights/free_a.safetensors",
        {"remix": 0.27, "distillation": 0.2, "song": 0.42, "instrumental": 0.03, "vocals": 0.03, "speech": 0.05},
        ALL, steps=300, last_step=300, free=False, fold=fold, learning_rate=8e-5, decay=0.5,
    )
    for fold in range(FOLDS)
}  # fmt: skip
