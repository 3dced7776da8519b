"""What all parts of a model description share: frozen, every field known, every number bounded and finite."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

SampleRate = Annotated[int, Field(ge=1, le=768_000)]
NetworkChannels = Annotated[int, Field(ge=1, le=2)]
Samples = Annotated[int, Field(ge=1, le=1 << 23)]  # three minutes at 44.1 kHz
SamplesFromZero = Annotated[int, Field(ge=0, le=1 << 23)]
Frames = Annotated[int, Field(ge=1, le=1 << 16)]
FramesFromZero = Annotated[int, Field(ge=0, le=1 << 16)]
StemName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]  # a part of file names
TensorName = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Text = Annotated[str, StringConstraints(max_length=10_000)]


class Part(BaseModel):
    """A part of a model description."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, protected_namespaces=(), strict=False)
