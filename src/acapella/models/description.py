"""What a model is: its front end, its schedule, its sources, and where it comes from. A model file carries it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from acapella.errors import QUOTED, ModelFileError, quoted
from acapella.models.front_ends import FrontEnd, SpectralFrontEnd
from acapella.models.parts import Part, StemName, Text
from acapella.models.schedules import Chunks, Schedule, Stateful

if TYPE_CHECKING:
    from acapella.settings import Settings

FORMAT = "3"
FORMAT_KEY, MODEL_KEY = "acapella_format", "acapella_model"
VOCAL, INSTRUMENTAL = "vocal", "instrumental"
RESIDUAL = "residual"  # what several sources leave: with it all stems sum to the mixture
DEFAULT_STEMS = (VOCAL, INSTRUMENTAL)  # what is made of a song unless other stems are asked for
LONGEST = 1 << 20  # characters of metadata
LARGEST_BLOCK = 1 << 26  # numbers that a network is given at once, 256 MB
OUTPUTS = {"spectral": ("mask", "spectrum"), "waveform": ("waveform",), "hybrid": ("hybrid",)}  # by front end


class Output(Part):
    """What a network's output is.

    `kind`: a `mask` to multiply the mixture's spectrum with, the `spectrum` of the sources in the front end's
    representation, their `waveform`, or, `hybrid`, a spectrum and a waveform that are to be added. `gain`: what the
    sources are multiplied by.
    """

    kind: Literal["mask", "spectrum", "waveform", "hybrid"] = "spectrum"
    gain: Annotated[float, Field(gt=0, le=100)] = 1.0


class Origin(Part):
    """Where the weights come from: network family, checkpoint and its SHA-256, licence, and who is to be credited."""

    family: Text = ""
    checkpoint: Text = ""
    sha256: Text = ""
    licence: Text = ""
    credit: Text = ""


class ModelDescription(Part):
    """All that is to be known to run a model.

    `sources` are the network's outputs in order; `residual` is the name of the mixture minus all of them, if it has
    one. `training` is the record of the training.
    """

    front_end: FrontEnd
    schedule: Schedule
    sources: Annotated[tuple[StemName, ...], Field(min_length=1, max_length=16)] = (VOCAL,)
    residual: StemName | None = INSTRUMENTAL
    output: Output = Output()
    origin: Origin = Origin()
    training: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        names = [*self.sources, *([self.residual] if self.residual else [])]
        if len(set(names)) < len(names):
            raise ValueError(f"sources and residual must have different names, not {', '.join(names)}")
        if self.output.kind not in OUTPUTS[self.front_end.kind]:
            raise ValueError(f"output kind {self.output.kind!r} does not go with a {self.front_end.kind} front end")
        if self.front_end.kind != "spectral" and not isinstance(self.schedule, Chunks):
            raise ValueError(f"a {self.front_end.kind} front end needs chunks, not the schedule {self.schedule.kind!r}")
        if (numbers := _numbers_at_once(self.front_end, self.schedule)) > LARGEST_BLOCK:
            raise ValueError(f"the network would be given {numbers} numbers at once, and {LARGEST_BLOCK} are the most")
        return self

    @property
    def stems(self) -> tuple[str, ...]:
        """All stems that can be had: the sources and the residual, and of every vocal the instrumental as well."""
        names = [*self.sources, *([self.residual] if self.residual else [])]
        if VOCAL in names and INSTRUMENTAL not in names:
            names.append(INSTRUMENTAL)
        if set(names) == set(DEFAULT_STEMS):
            return DEFAULT_STEMS
        return tuple(names)

    @property
    def default_stems(self) -> tuple[str, ...]:
        """The stems to make unless others are asked for: vocal and instrumental where there is a vocal, else all."""
        return DEFAULT_STEMS if VOCAL in self.stems else self.stems

    @property
    def summing_stems(self) -> tuple[str, ...]:
        """The stems that sum to the mixture, or would if the network were perfect: each part of the mixture once."""
        return tuple(name for name in self.stems if name in self.sources or name == self.residual)

    def to_metadata(self) -> dict[str, str]:
        """As the strings that ONNX can carry."""
        return {FORMAT_KEY: FORMAT, MODEL_KEY: self.model_dump_json()}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str], name: str) -> "ModelDescription":
        """Read format 3 back; a ModelFileError names the file, `name`, and the field that is wrong."""
        text = metadata.get(MODEL_KEY, "")
        if len(text) > LONGEST:
            raise ModelFileError(f"{name}: its description is longer than {LONGEST} characters.")
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise ModelFileError(f"{name}: {first_wrong_field(error)}.") from None

    @classmethod
    def validated(cls, values: Mapping[str, Any], name: str) -> "ModelDescription":
        """The description of plain `values`; errors as in `from_metadata`."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise ModelFileError(f"{name}: {first_wrong_field(error)}.") from None


def _numbers_at_once(front_end: FrontEnd, schedule: Schedule) -> int:
    """The size of what a network is given at once of one item, with all bins of the STFT that it is cut from."""
    if not isinstance(front_end, SpectralFrontEnd):
        return schedule.length * front_end.channels if isinstance(schedule, Chunks) else 0
    if isinstance(schedule, Chunks):
        frames = (schedule.length + schedule.padding) // front_end.hop + 1
    elif isinstance(schedule, Stateful):
        frames = schedule.block() + schedule.latency
    else:
        frames = schedule.block() + 2 * schedule.frames
    return frames * front_end.stft.bins * front_end.tensor_channels


def sources_of(settings: "Settings") -> tuple[tuple[str, ...], str]:
    """What the settings let a network learn, and what the rest of the mixture is called."""
    sources = settings.sources or ((INSTRUMENTAL,) if settings.instrumental else (VOCAL,))
    if len(sources) > 1:
        return sources, RESIDUAL
    return sources, {VOCAL: INSTRUMENTAL, INSTRUMENTAL: VOCAL}.get(sources[0], RESIDUAL)


def first_wrong_field(error: ValidationError) -> str:
    """What is wrong with the first field that is, as the rest of a sentence."""
    details: ErrorDetails = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in details["loc"])[:QUOTED] or "the description"
    reason = details["msg"].removeprefix("Value error, ")
    shown = quoted(details["input"])
    if details["type"] in ("missing", "json_invalid") or isinstance(details["input"], dict):
        return f"in its metadata, {field}: {reason}"[: 2 * QUOTED]
    return f"in its metadata, {field}={shown}: {reason}"[: 3 * QUOTED]
