"""Model files of formats 1 and 2, read as descriptions of format 3.

They held one spectral network with one source. Format 1 had no networks with state; format 2 names the states in the
graph alone, after the inputs for the mixture and for the frame mask.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, Json, ValidationError

from acapella.errors import ModelFileError
from acapella.models.description import INSTRUMENTAL, LONGEST, VOCAL, ModelDescription, first_wrong_field
from acapella.models.parts import Part, Text

LEGACY_FORMATS = ("1", "2")


class _Codec(Part):
    sample_rate: int
    channels: int
    window_length: int
    representation: str
    normalizer: str
    percentile: float
    target: Literal["vocal", "instrumental"]
    lowest: Annotated[int, Field(ge=0)] = 0  # bins; 0: all


class _Network(Part):
    name: Text
    reach: int
    stride: int
    delay: int = 0


class _Metadata(Part):
    acapella_codec: Json[_Codec]
    acapella_network: Json[_Network]
    acapella_licence: Text = ""
    acapella_training: Json[dict[str, Any]] = Field(default_factory=dict)


def read_legacy(metadata: Mapping[str, str], name: str, inputs: Sequence[str]) -> ModelDescription:
    """The description of a model file `name` of format 1 or 2 whose graph has these `inputs`, in order."""
    known = {key: text for key, text in metadata.items() if key in _Metadata.model_fields}
    if any(len(text) > LONGEST for text in known.values()):
        raise ModelFileError(f"{name}: its description is longer than {LONGEST} characters.")
    try:
        found = _Metadata.model_validate(known)
    except ValidationError as error:
        raise ModelFileError(f"{name}: {first_wrong_field(error)}.") from None
    codec, network = found.acapella_codec, found.acapella_network
    front_end: dict[str, Any] = codec.model_dump(exclude={"target", "lowest"})
    if codec.lowest:
        front_end["bins"] = min(codec.lowest, codec.window_length // 2 + 1)
    if network.delay:
        if len(inputs) < 2:
            raise ModelFileError(f"{name}: its graph lacks the input for the frame mask.")
        schedule: dict[str, Any] = {"kind": "stateful", "latency": network.delay, "stride": network.stride}
        schedule |= {"frame_mask": inputs[1], "states": tuple(inputs[2:])}
    else:
        schedule = {"kind": "context", "context": network.reach, "stride": network.stride}
    values = {
        "front_end": {"kind": "spectral", **front_end},
        "schedule": schedule,
        "sources": (codec.target,),
        "residual": INSTRUMENTAL if codec.target == VOCAL else VOCAL,
        "origin": {"family": network.name, "licence": found.acapella_licence},
        "training": found.acapella_training,
    }
    return ModelDescription.validated(values, name)
