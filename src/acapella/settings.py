"""Every option: its name, type, default and what is allowed.

`Settings()` takes each option from the keyword arguments, else from the environment (`CHOPNAME=tile`), else
from its default; `Settings.read(file)` puts a file of `export NAME="value"` lines between the last two.
Nothing here is global: whoever needs settings is given them.
"""

import os
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AliasGenerator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_serializer,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from acapella.errors import SettingsError
from acapella.settings_text import (
    Allowed,
    as_text,
    check_names,
    export_lines,
    markdown_table,
    read_exports,
    read_literal,
    wrong_value,
)

BatchGeneratorName = Literal["keras", "default", "track", "random"]
CheckpointName = Literal["tensorboard", "weights", "early_stopping", "error_visualization"]
ChopName = Literal[
    "tile", "full", "sliding", "sliding_full", "filtered", "filtered_full", "random", "random_full", "infere"
]
FilterName = Literal["maximum", "mean"]
LossName = Literal["mean_squared_error", "mean_absolute_error", "mean_squared_log_error"]
MetricName = Literal["mean_pred", "max_pred"]
ModelName = Literal["acapellabot", "leaky_dropout"]
NormalizerName = Literal["dummy", "percentile"]
OptimizerName = Literal["adam", "rmsprop"]
PhaseName = Literal["mixture", "iterative"]
PrecisionName = Literal["float32", "bfloat16"]
RepresentationName = Literal["lps", "ri"]
TensorboardInfoName = Literal["full", "default"]

Count = Annotated[int, Field(gt=0), Allowed("whole number > 0")]
CountFromZero = Annotated[int, Field(ge=0), Allowed("whole number >= 0")]
WindowLength = Annotated[int, Field(gt=0, multiple_of=4), Allowed("positive multiple of 4")]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
NetworkChannels = Annotated[int, Field(ge=1, le=2), Allowed("1 or 2")]
Share = Annotated[float, Field(ge=0, lt=1)]
Split = Annotated[float, Field(gt=0, lt=1), Allowed("number > 0 and < 1")]


def _plain(text: str) -> str:
    """The text, if it fits on one line of a file."""
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise ValueError("must be plain text without line breaks and other control characters")
    return text


def _path(value: object) -> object:
    if value == "" or not isinstance(value, str | Path):
        raise ValueError("must be a path")
    return _plain(str(value))


def _weight_file(value: object) -> object:
    if not str(value).endswith((".h5", ".hdf5")):
        raise ValueError("must end in .h5 or .hdf5")
    return _path(value)


def _list(value: object) -> object:
    """Split at commas, within the items of a list too."""
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


def _spelt(**variants: str) -> BeforeValidator:
    """Accept other spellings of a name."""
    return BeforeValidator(lambda value: variants.get(value, value) if isinstance(value, str) else value)


SpeltBatchGenerator = Annotated[BatchGeneratorName, _spelt(tracks="track")]
SpeltChopName = Annotated[ChopName, _spelt(infer="infere")]
Folder = Annotated[Path, BeforeValidator(_path), Allowed("valid directory")]
WeightFile = Annotated[Path, BeforeValidator(_weight_file), Allowed(".h5 or .hdf5 file")]
TrackNames = Annotated[tuple[str, ...], BeforeValidator(_list), Allowed("parts of names, between commas")]
Checkpoints = Annotated[tuple[CheckpointName, ...], BeforeValidator(_list)]
Metrics = Annotated[tuple[MetricName, ...], BeforeValidator(_list)]


class Params(BaseModel):
    """A dictionary option: a mapping, or the text of a Python dictionary; empty text means all defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    spellings: ClassVar[Mapping[str, str]] = {}  # of keys that have a second one

    @model_validator(mode="before")
    @classmethod
    def _dictionary(cls, value: object) -> object:
        if isinstance(value, cls):
            return value
        values = read_literal(value) if isinstance(value, str) else value
        if not isinstance(values, Mapping):
            example = as_text(cls()) or dict.fromkeys(cls.spellings, 0.001)
            raise ValueError(f"is not a dictionary such as {example}")
        for spelling, name in cls.spellings.items():
            if spelling in values and name in values:
                raise ValueError(f"has both {spelling} and {name}, which are the same: give one")
        return {cls.spellings.get(key, key): item for key, item in values.items()}


class ChopParams(Params):
    """How choppers cut; each ignores what it has no use for."""

    scale: Count = 128
    step: Annotated[tuple[Count, Count], BeforeValidator(_both_axes)] = (64, 64)  # along (time, frequency)
    slices: Count = 256
    upper: bool = False
    filter: FilterName = "mean"

    @field_serializer("step")
    def _short(self, step: tuple[int, int]) -> int | list[int]:
        return step[0] if step[0] == step[1] else list(step)


class ModelParams(Params):
    """Slopes of LeakyReLU (`alpha2`: in the last convolutions) and the dropout rate."""

    alpha1: NotNegative = 0.1
    alpha2: NotNegative = 0.01
    rate: Share = 0.1


class NormalizerParams(Params):
    """The percentile of a track's values that becomes 1."""

    percentile: Annotated[float, Field(gt=0, le=100)] = 99


class OptimizerParams(Params):
    """Numbers of the optimizer; None stands for Keras' default."""

    spellings = {"lr": "learning_rate"}
    learning_rate: Positive | None = None
    beta_1: Share | None = None
    beta_2: Share | None = None
    rho: Share | None = None
    epsilon: Positive | None = None
    decay: NotNegative | None = None


class EarlyStopping(Params):
    """Stop after `patience` epochs in which the loss fell by less than `min_delta`."""

    min_delta: NotNegative = 0.001
    patience: CountFromZero = 3


def _option(default: object, description: str) -> Any:
    """A field whose default is written as in the environment, and validated like it."""
    return Field(default=default, description=description)


class OriginalOptions(BaseSettings):
    """The options that the original has, in the order of its table."""

    analysis_path: Folder = _option("./analysis", "Where analyses save their results")
    batch: Count = _option(8, "Slices in a batch")
    batch_generator: SpeltBatchGenerator = _option("random", "How slices are chosen for batches")
    checkpoints: Checkpoints = _option("tensorboard,weights", "What accompanies the training")
    chopname: SpeltChopName = _option("tile", "How slices are cut (infere: for isolating only)")
    chopparams: ChopParams = _option(
        "{'scale': 128, 'step': 64, 'slices': 256, 'upper': False, 'filter': 'maximum'}",
        "Size (scale), distance (step), number, frequencies (upper) and selection (filter) of slices",
    )
    data: Folder = _option("../bot_data", "Folder of the corpus, searched with its subfolders")
    early_stopping: EarlyStopping = _option(
        "{'min_delta': 0.001, 'patience': 3}", "When the checkpoint early_stopping ends the training"
    )
    epochs: Count = _option(10, "Epochs to train")
    epoch_steps: CountFromZero = _option(50000, "Slices in an epoch; 0: as many as there are (not with random)")
    fft: WindowLength = _option(1536, "Samples in a window of the STFT; the hop is a quarter of it")
    inference_slice: Count = _option(3500, "Frames that the network sees at once when isolating")
    instrumental: bool = _option(False, "Learn the instrumental instead of the vocals")
    load: bool = _option(False, "Begin with the weights in WEIGHTS")
    log_base: Folder = _option("./logs", "Where the folders of runs are made")
    loss: LossName = _option("mean_squared_error", "What training makes small")
    metrics: Metrics = _option("mean_pred,max_pred", "Numbers to follow beside the loss")
    model: ModelName = _option("leaky_dropout", "The network")
    model_params: ModelParams = _option(
        "{'alpha1': 0.1, 'alpha2': 0.01, 'rate': 0.1}", "Slopes and dropout rate of leaky_dropout"
    )
    normalizer: NormalizerName = _option("percentile", "How values are scaled for the network")
    normalizer_params: NormalizerParams = _option("{'percentile': 99}", "Which percentile becomes 1")
    optimizer: OptimizerName = _option("adam", "How weights follow the gradient")
    optimizer_params: OptimizerParams = _option("", "Its numbers, for others than Keras' defaults; lr is a short name")
    phase_iterations: Count = _option(10, "Rounds of phase reconstruction")
    learn_phase: bool = _option(True, "Learn real and imaginary parts, not log-power spectra")
    quit: bool = _option(True, "End after the last epoch instead of asking how to go on")
    split: Split = _option(0.9, "Share of tracks to train on where no validation track is named")
    start_epoch: CountFromZero = _option(0, "Number of the first epoch")
    tensorboard: Folder = _option("./tensorboard", "TensorBoard's folder, inside the run's")
    tensorboard_info: TensorboardInfoName = _option("default", "full: histograms and images as well")
    weights: WeightFile = _option("weights/weights.h5", "The weights, to write and to read")


class Settings(OriginalOptions):
    """All options, frozen. A value that is not allowed is a SettingsError, one sentence that says what is.

    Keyword arguments come first (`Settings(CHOPNAME="tile")` or `Settings(chopname="tile")`, values as in the
    environment or as Python has them), then environment variables, named in upper case.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        alias_generator=AliasGenerator(validation_alias=str.upper),
        case_sensitive=True,
        enable_decoding=False,  # dictionaries are Python's, not JSON
        allow_inf_nan=False,
        protected_namespaces=(),
    )

    phase: PhaseName = _option("mixture", "Phase of log-power predictions: the mixture's, or reconstructed")
    sample_rate: Count = _option(22050, "Samples per second that the network works at")
    channels: NetworkChannels = _option(1, "Audio channels that the network sees together")
    representation: Literal[RepresentationName, ""] = _option("", "Kind of spectra; empty: as LEARN_PHASE says")
    validation_tracks: TrackNames = _option(
        "SweetLights_YouLetMeDown,Schumann_Mignon,AimeeNorwich_Child,Creepoid_OldTree,PurlingHiss_Lolita,"
        "HeladoNegro_MitadDelMundo,NightPanther_Fire",
        "Tracks to validate with",
    )
    test_tracks: TrackNames = _option("Auctioneer_OurFutureFaces", "Tracks never to train on")
    precision: PrecisionName = _option("float32", "Numbers of the training step; bfloat16 is faster where known")
    seed: CountFromZero = _option(0, "Where randomness starts")

    def __init__(self, **options: Any) -> None:
        given = {name.upper(): value for name, value in options.items()}
        check_names(given, type(self).model_fields)
        try:
            super().__init__(**given)
        except ValidationError as error:
            details = error.errors()[0]
            value = {**os.environ, **given}[str(details["loc"][0])]
            raise SettingsError(wrong_value(details, value, type(self).model_fields)) from None

    @classmethod
    def read(cls, env_file: Path | None = None, **options: Any) -> Self:
        """The settings, where `env_file` speaks for variables that neither options nor environment set."""
        exported = read_exports(env_file) if env_file else {}
        check_names(exported, cls.model_fields)
        given = {name.upper(): value for name, value in options.items()}
        absent = {name: value for name, value in exported.items() if name not in os.environ}
        return cls(**{**absent, **given})

    @model_validator(mode="after")
    def _random_needs_a_length(self) -> Self:
        if self.batch_generator == "random" and self.epoch_steps == 0:
            raise SettingsError("EPOCH_STEPS=0 must be greater than 0 with BATCH_GENERATOR='random'.")
        return self

    @property
    def representation_name(self) -> RepresentationName:
        """What spectra look like to the network: REPRESENTATION, or else as LEARN_PHASE says."""
        return self.representation or ("ri" if self.learn_phase else "lps")

    def as_env(self) -> str:
        """Lines `export NAME="value"` that a shell can source and `read` reads back to equal settings."""
        return export_lines({name.upper(): as_text(value) for name, value in self})


def options_table() -> str:
    """All options as a Markdown table, the original's first."""
    ours = Settings.model_fields.keys() - OriginalOptions.model_fields.keys()
    return markdown_table(Settings.model_fields, ours)
