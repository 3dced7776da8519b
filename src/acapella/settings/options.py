"""Every option: its name, type, default and what is allowed.

`Settings()` takes each option from the keyword arguments, else from the environment (`CHOPNAME=tile`), else
from its default; `Settings.read(file)` puts a file of `export NAME="value"` lines between the last two.
Nothing here is global: whoever needs settings is given them.
"""

import os
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import (
    AliasGenerator,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from acapella.errors import SettingsError
from acapella.settings.option_types import (
    Checkpoints,
    ChopParams,
    Count,
    CountFromZero,
    EarlyStopping,
    Folder,
    LossName,
    Metrics,
    ModelName,
    ModelParams,
    NetworkChannels,
    NormalizerName,
    NormalizerParams,
    OptimizerName,
    OptimizerParams,
    PhaseName,
    PrecisionName,
    RemixParams,
    RepresentationName,
    SpeltBatchGenerator,
    SpeltChopName,
    Split,
    TensorboardInfoName,
    TrackNames,
    WeightFile,
    WindowLength,
)
from acapella.settings.text import (
    as_text,
    check_names,
    export_lines,
    markdown_table,
    read_exports,
    wrong_value,
)


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
    bins: CountFromZero = _option(0, "Frequencies that the network sees, from the lowest; 0: all")
    remix_params: RemixParams = _option(
        "{'together': 0.3, 'solo': 0.05, 'gain': 6, 'tilt': 3, 'speed': 0}",
        "How the batch generator remix makes its songs",
    )
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
        if self.batch_generator in ("random", "remix") and self.epoch_steps == 0:
            raise SettingsError(f"EPOCH_STEPS=0 must be greater than 0 with BATCH_GENERATOR={self.batch_generator!r}.")
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
