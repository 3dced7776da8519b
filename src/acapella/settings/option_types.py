"""Types of options: names from a list, numbers in a range, lists and dictionaries.

A value is a Python object, or text as in the environment (`"{'scale': 128}"`).
"""

import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_serializer, model_validator

from acapella.settings.text import Allowed, as_text, read_literal

BatchGeneratorName = Literal["keras", "default", "track", "random", "remix"]
CheckpointName = Literal["tensorboard", "weights", "epoch_weights", "early_stopping", "error_visualization"]
ChopName = Literal[
    "tile", "full", "sliding", "sliding_full", "filtered", "filtered_full", "random", "random_full", "infere"
]
FilterName = Literal["maximum", "mean"]
LossName = Literal[
    "mean_squared_error", "mean_absolute_error", "mean_squared_log_error", "waveform_l1", "multi_resolution_stft"
]
MetricName = Literal["mean_pred", "max_pred"]
MonitorName = Literal["val_loss", "val_sdr"]
NormalizerName = Literal["dummy", "percentile"]
OptimizerName = Literal["adam", "rmsprop"]
PhaseName = Literal["mixture", "iterative"]
PrecisionName = Literal["float32", "bfloat16"]
RepresentationName = Literal["lps", "ri", "amplitude"]
TensorboardInfoName = Literal["full", "default"]

MOST = 1_000_000  # of anything that is counted: more is a slip
Count = Annotated[int, Field(gt=0, le=MOST), Allowed("whole number > 0")]
BatchSize = Annotated[int, Field(gt=0, le=1 << 16), Allowed("whole number > 0")]
CountFromZero = Annotated[int, Field(ge=0, le=MOST), Allowed("whole number >= 0")]
SliceCountFromZero = Annotated[int, Field(ge=0, le=10**9), Allowed("whole number >= 0")]
Seed = Annotated[int, Field(ge=0, lt=2**32), Allowed("whole number >= 0")]
WorkerCount = Annotated[int, Field(ge=0, le=256), Allowed("whole number >= 0")]
WindowLength = Annotated[int, Field(gt=0, multiple_of=4), Allowed("positive multiple of 4")]
Positive = Annotated[float, Field(gt=0, le=1000)]
NotNegative = Annotated[float, Field(ge=0, le=1000)]
Decibels = Annotated[float, Field(ge=0, le=100)]
NetworkChannels = Annotated[int, Field(ge=1, le=2), Allowed("1 or 2")]
Share = Annotated[float, Field(ge=0, lt=1)]
OWN = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")  # package.module:name
SOURCE_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")  # a part of file names
TrainFraction = Annotated[float, Field(gt=0, lt=1), Allowed("number > 0 and < 1")]


def _plain(text: str) -> str:
    """`text`, unless it has line breaks or other control characters, which a file of settings could not hold."""
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise ValueError("must be plain text without line breaks and other control characters")
    return text


def _path(value: object) -> object:
    if value == "" or not isinstance(value, str | Path):
        raise ValueError("must be a path")
    return _plain(str(value))


def _weight_file(value: object) -> object:
    if not str(value).endswith((".h5", ".hdf5", ".safetensors")):
        raise ValueError("must end in .h5, .hdf5 or .safetensors")
    return _path(value)


def _network_name(value: object) -> object:
    if not isinstance(value, str) or not (value.isidentifier() or OWN.fullmatch(value)):
        raise ValueError("must be the name of a network, or package.module:Class of your own")
    return value


def _loss_name(value: object) -> object:
    if not isinstance(value, str) or not (value in get_args(LossName) or OWN.fullmatch(value)):
        raise ValueError(f"is not one of: {', '.join(get_args(LossName))}, or package.module:function of your own")
    return value


def _checkpoint(value: object) -> object:
    return None if value in ("", None) else _path(value)


def _source_name(name: str) -> str:
    if not SOURCE_NAME.fullmatch(name) or name == "all":
        raise ValueError("is no source: its files are called NAME_source.wav, in small letters, digits and hyphens")
    return name


def _list(value: object) -> object:
    """The names in a text, or list of texts, separated by commas."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
        raise ValueError("must be names separated by commas")
    items = [item.strip() for text in texts for item in _plain(text).split(",")]
    return tuple(dict.fromkeys(filter(None, items)))


def _both_axes(value: object) -> object:
    if isinstance(value, int):
        return (value, value)
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError("must be a whole number or a pair [time, frequency]")
    return tuple(value)


def _aliases(**variants: str) -> BeforeValidator:
    """Accept `variants` for the names that they map to."""
    return BeforeValidator(lambda value: variants.get(value, value) if isinstance(value, str) else value)


BatchGeneratorNameOrAlias = Annotated[BatchGeneratorName, _aliases(tracks="track")]
ChopNameOrAlias = Annotated[ChopName, _aliases(infer="infere")]
ModelName = Annotated[  # the registry in `networks`, which lies above, has the last word
    str,
    BeforeValidator(_network_name),
    Allowed(
        "acapellabot, leaky_dropout, deep_unet, tfc_tdf, mel_band_roformer, bs_roformer, htdemucs, mdx23c, scnet, "
        "or package.module:Class of your own (docs/extending.md)"
    ),
]
LossNameOrOwn = Annotated[
    str,
    BeforeValidator(_loss_name),
    Allowed(f"{', '.join(get_args(LossName))}, or package.module:function of your own (docs/extending.md)"),
]
Folder = Annotated[Path, BeforeValidator(_path), Allowed("valid directory")]
WeightFile = Annotated[Path, BeforeValidator(_weight_file), Allowed(".h5, .hdf5 or .safetensors file")]
Checkpoint = Annotated[Path | None, BeforeValidator(_checkpoint), Allowed("checkpoint of a known family, or empty")]
SourceNames = Annotated[
    tuple[Annotated[str, AfterValidator(_source_name)], ...],
    BeforeValidator(_list),
    Allowed("names of stems in the corpus, separated by commas, or empty"),
]
TrackNames = Annotated[tuple[str, ...], BeforeValidator(_list), Allowed("parts of track names, separated by commas")]
Checkpoints = Annotated[tuple[CheckpointName, ...], BeforeValidator(_list)]
Metrics = Annotated[tuple[MetricName, ...], BeforeValidator(_list)]


class Params(BaseModel):
    """An option that is a dictionary: a mapping, or a Python dictionary as text; empty text means all defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    aliases: ClassVar[Mapping[str, str]] = {}  # key by its second name

    @model_validator(mode="before")
    @classmethod
    def _dictionary(cls, value: object) -> object:
        if isinstance(value, cls):
            return value
        values = read_literal(value) if isinstance(value, str) else value
        if not isinstance(values, Mapping):
            example = as_text(cls()) or dict.fromkeys(cls.aliases, 0.001)
            raise ValueError(f"is not a dictionary such as {example}")
        for alias, name in cls.aliases.items():
            if alias in values and name in values:
                raise ValueError(f"has both {alias} and {name}, which are the same: give one")
        return {cls.aliases.get(key, key): item for key, item in values.items()}


class ChopParams(Params):
    """Parameters of all choppers; each uses those that it needs.

    Parameters:
        scale: size of a slice, in frames and, for square slices, in bins.
        step: step between slices, in frames and bins.
        slices: number of random slices per track.
        upper: use the lower half of the bins only (the name is the original's).
        filter: the statistic of a target slice that `filtered` compares with the mean of the track.
    """

    scale: Count = 128
    step: Annotated[tuple[Count, Count], BeforeValidator(_both_axes)] = (64, 64)  # along (time, frequency)
    slices: Count = 256
    upper: bool = False
    filter: FilterName = "mean"

    @field_serializer("step")
    def _short(self, step: tuple[int, int]) -> int | list[int]:
        return step[0] if step[0] == step[1] else list(step)


class ModelParams(Params):
    """LeakyReLU slopes `alpha1` and, in the last convolutions, `alpha2`; dropout `rate`."""

    alpha1: NotNegative = 0.1
    alpha2: NotNegative = 0.01
    rate: Share = 0.1


class OwnParams(Params):
    """Whatever the class of one's own network takes as keyword arguments."""

    model_config = ConfigDict(extra="allow")


class NormalizerParams(Params):
    """The percentile of a track's values that is scaled to 1."""

    percentile: Annotated[float, Field(gt=0, le=100)] = 99


class OptimizerParams(Params):
    """Hyperparameters of the optimizer; None stands for Keras' default."""

    aliases = {"lr": "learning_rate"}
    learning_rate: Positive | None = None
    beta_1: Share | None = None
    beta_2: Share | None = None
    rho: Share | None = None
    epsilon: Positive | None = None
    decay: NotNegative | None = None
    amsgrad: bool | None = None
    clipnorm: Positive | None = None


class EarlyStopping(Params):
    """Stop after `patience` epochs without an improvement of at least `min_delta`."""

    min_delta: NotNegative = 0.001
    patience: CountFromZero = 3


class RemixParams(Params):
    """Data augmentation of BATCH_GENERATOR=remix: vocals of one track over the accompaniment of another.

    Parameters:
        together: fraction of the examples whose stems stay those of one song.
        solo: fraction of the examples without vocals, and of those without accompaniment.
        gain: maximum change of the level between the stems, in dB, up or down.
        tilt: maximum tilt of a stem's spectrum, in dB per octave, brighter or darker.
        speed: maximum change of a stem's speed (and pitch with it), as a fraction, faster or slower.
    """

    together: Share = 0.3
    solo: Share = 0.05
    gain: Decibels = 6
    tilt: Decibels = 3
    speed: Annotated[float, Field(ge=0, le=0.5)] = 0
