"""Every option: name, type, default and description.

`Settings()` takes each option from its keyword arguments, else from the environment (`CHOPNAME=tile`), else
from the default. `Settings.read(file)` reads a file of `export NAME="value"` lines as well, which has precedence over
the defaults only. There is no global object: code that needs settings takes them as an argument.
"""

import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AliasGenerator,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from acapella.errors import SettingsError
from acapella.settings.model_params import ORIGINAL_DEFAULT, read_model_params
from acapella.settings.option_types import (
    BatchGeneratorNameOrAlias,
    BatchSize,
    Checkpoint,
    Checkpoints,
    ChopNameOrAlias,
    ChopParams,
    Count,
    CountFromZero,
    EarlyStopping,
    Folder,
    LossNameOrOwn,
    Metrics,
    ModelName,
    MonitorName,
    NetworkChannels,
    NormalizerName,
    NormalizerParams,
    OptimizerName,
    OptimizerParams,
    Params,
    PhaseName,
    PrecisionName,
    RemixParams,
    RepresentationName,
    Seed,
    SliceCountFromZero,
    SourceNames,
    TensorboardInfoName,
    TrackNames,
    TrainFraction,
    WeightFile,
    WindowLength,
    WorkerCount,
)
from acapella.settings.presets import find_preset
from acapella.settings.text import (
    Allowed,
    as_text,
    check_names,
    export_lines,
    markdown_table,
    read_exports,
    wrong_value,
)

DEFAULT_WEIGHTS = "weights/weights.h5"


def _option(default: object, description: str) -> Any:
    """A field; a default given as text is parsed like a variable of the environment."""
    return Field(default=default, description=description)


class OriginalOptions(BaseSettings):
    """The options of the original, in the order of its table."""

    analysis_path: Folder = _option("./analysis", "Folder for the results of analyses")
    batch: BatchSize = _option(8, "Batch size, in slices")
    batch_generator: BatchGeneratorNameOrAlias = _option("random", "How batches are drawn from the slices")
    checkpoints: Checkpoints = _option("tensorboard,weights", "Training callbacks")
    chopname: ChopNameOrAlias = _option(
        "tile", "Chopper: how spectrograms are cut into slices (infere: for isolating only)"
    )
    chopparams: ChopParams = _option(
        "{'scale': 128, 'step': 64, 'slices': 256, 'upper': False, 'filter': 'maximum'}",
        "Chopper parameters: size of a slice (scale), step between slices, number of random slices, "
        "lower half of the bins only (upper), selection of loud slices (filter)",
    )
    data: Folder = _option("../bot_data", "Folder of the corpus, searched recursively")
    early_stopping: EarlyStopping = _option(
        "{'min_delta': 0.001, 'patience': 3}",
        "Early stopping: smallest improvement of the loss that counts, patience in epochs",
    )
    epochs: Count = _option(10, "Number of epochs")
    epoch_steps: SliceCountFromZero = _option(50000, "Slices per epoch; 0: all slices (not with random or remix)")
    fft: WindowLength = _option(1536, "STFT window length in samples; the hop is a quarter of it")
    inference_slice: Count = _option(3500, "Block length when isolating, in STFT frames")
    instrumental: bool = _option(False, "Target of training: the instrumental (True) or the vocals (False)")
    load: bool = _option(False, "Initialise the network with WEIGHTS")
    log_base: Folder = _option("./logs", "Folder for training runs")
    loss: LossNameOrOwn = _option("mean_squared_error", "Loss function")
    metrics: Metrics = _option("mean_pred,max_pred", "Metrics to log beside the loss")
    model: ModelName = _option("leaky_dropout", "Network architecture")
    model_params: Annotated[
        Params, Allowed("dictionary with alpha1, alpha2, rate; for other networks with their own sizes")
    ] = _option(ORIGINAL_DEFAULT, "Network hyperparameters: LeakyReLU slopes, dropout rate; sizes")
    normalizer: NormalizerName = _option("percentile", "Normalization of spectrograms")
    normalizer_params: NormalizerParams = _option(
        "{'percentile': 99}", "Normalizer parameters: the percentile that is scaled to 1"
    )
    optimizer: OptimizerName = _option("adam", "Optimizer")
    optimizer_params: OptimizerParams = _option(
        "", "Optimizer hyperparameters; Keras' defaults where not given; lr is short for learning_rate"
    )
    phase_iterations: Count = _option(10, "Griffin–Lim iterations, with PHASE=iterative")
    learn_phase: bool = _option(True, "Representation: real and imaginary parts (True) or log-power (False)")
    quit: bool = _option(True, "End after the last epoch (True), or ask for more epochs (False)")
    split: TrainFraction = _option(0.9, "Fraction of the tracks to train on where VALIDATION_TRACKS matches none")
    start_epoch: CountFromZero = _option(0, "Initial epoch: number of epochs trained before")
    tensorboard: Folder = _option("./tensorboard", "TensorBoard folder, inside the run folder")
    tensorboard_info: TensorboardInfoName = _option(
        "default", "TensorBoard contents; full adds weight histograms, gradients and images"
    )
    weights: WeightFile = _option(DEFAULT_WEIGHTS, "Weights file, written by training and read by isolating")


class Settings(OriginalOptions):
    """All options, frozen. An invalid value raises a SettingsError, whose one sentence says what is valid.

    Keyword arguments have precedence (`Settings(CHOPNAME="tile")` or `Settings(chopname="tile")`; values are Python
    objects, or text as in the environment) over environment variables, whose names are in upper case.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        alias_generator=AliasGenerator(validation_alias=str.upper),
        case_sensitive=True,
        enable_decoding=False,  # dictionaries are Python's, not JSON
        allow_inf_nan=False,
        protected_namespaces=(),
    )

    phase: PhaseName = _option(
        "mixture", "Phase of log-power predictions: the mixture's, or reconstructed (Griffin–Lim)"
    )
    sample_rate: Count = _option(22050, "Sample rate of the network in Hz")
    channels: NetworkChannels = _option(1, "Audio channels of the network")
    representation: Literal[RepresentationName, ""] = _option(
        "", "Representation of spectrograms; empty: as LEARN_PHASE says"
    )
    bins: CountFromZero = _option(0, "Number of frequency bins that the network sees, from the lowest; 0: all")
    remix_params: RemixParams = _option(
        "{'together': 0.3, 'solo': 0.05, 'gain': 6, 'tilt': 3, 'speed': 0}",
        "Data augmentation of BATCH_GENERATOR=remix",
    )
    validation_tracks: TrackNames = _option(
        "SweetLights_YouLetMeDown,Schumann_Mignon,AimeeNorwich_Child,Creepoid_OldTree,PurlingHiss_Lolita,"
        "HeladoNegro_MitadDelMundo,NightPanther_Fire",
        "Validation tracks",
    )
    test_tracks: TrackNames = _option("Auctioneer_OurFutureFaces", "Test tracks, never trained on")
    precision: PrecisionName = _option(
        "float32", "Floating-point precision of training; bfloat16 is faster where the processor supports it"
    )
    devices: Count = _option(1, "Devices to train on, on each machine: GPUs, or processes where there are none")
    nodes: Count = _option(1, "Machines to train on, started by torchrun or with --cluster")
    sdr_every: CountFromZero = _option(
        0, "Epochs between two measurements of the validation tracks' SDR (val_sdr, dB); 0: never"
    )
    monitor: MonitorName = _option(
        "val_loss", "What best weights, early stopping and searches go by: the lowest loss or the highest SDR"
    )
    workers: WorkerCount = _option(0, "Processes that prepare batches while the network computes; 0: none")
    seed: Seed = _option(0, "Random seed")
    sources: SourceNames = _option("", "Sources that the network predicts; empty: as INSTRUMENTAL says")
    fine_tune: Checkpoint = _option(
        "", "Published checkpoint to start from, with its YAML file beside it; it decides sizes, STFT and sources"
    )

    @field_validator("model_params", mode="before")
    @classmethod
    def _of_the_model(cls, value: object, info: ValidationInfo) -> Params:
        return read_model_params(value, info.data.get("model", ""))

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
        """The settings; `env_file`, or a preset by its name, supplies those that neither `options` nor the environment
        sets."""
        exported = read_exports(find_preset(Path(env_file))) if env_file else {}
        check_names(exported, cls.model_fields)
        given = {name.upper(): value for name, value in options.items()}
        absent = {name: value for name, value in exported.items() if name not in os.environ}
        return cls(**{**absent, **given})

    @model_validator(mode="after")
    def _random_needs_a_length(self) -> Self:
        if self.batch_generator in ("random", "remix") and self.epoch_steps == 0:
            raise SettingsError(f"EPOCH_STEPS=0 must be greater than 0 with BATCH_GENERATOR={self.batch_generator!r}.")
        return self

    @model_validator(mode="after")
    def _sdr_must_be_measured(self) -> Self:
        if self.monitor == "val_sdr" and self.sdr_every == 0:
            raise SettingsError("MONITOR='val_sdr' needs SDR_EVERY, the number of epochs between measurements.")
        return self

    @property
    def representation_name(self) -> RepresentationName:
        """The representation of spectrograms: REPRESENTATION if it is set, else as LEARN_PHASE says."""
        return self.representation or ("ri" if self.learn_phase else "lps")

    def as_env(self) -> str:
        """Lines `export NAME="value"`, for a shell to source and for `read`, which returns equal settings."""
        return export_lines({name.upper(): as_text(value) for name, value in self})


def options_table() -> str:
    """All options as a Markdown table, the original's first."""
    ours = Settings.model_fields.keys() - OriginalOptions.model_fields.keys()
    return markdown_table(Settings.model_fields, ours)
