"""MODEL_PARAMS of the networks that take chunks: their sizes, by default the published ones.

The names are those of the networks' own parameters in `networks/`. `ModelParams`, in `option_types`, are those of all
other networks.
"""

from typing import Annotated, Self

from pydantic import Field, ValidationError, model_validator
from pydantic.fields import FieldInfo

from acapella.errors import SettingsError
from acapella.registry import is_own
from acapella.settings.option_types import Count, CountFromZero, ModelParams, OwnParams, Params, Positive, Share
from acapella.settings.text import read_literal, wrong_value

Even = Annotated[int, Field(gt=0, multiple_of=2)]
ORIGINAL_DEFAULT = "{'alpha1': 0.1, 'alpha2': 0.01, 'rate': 0.1}"
PUBLISHED_WIDTHS = (*(2,) * 24, *(4,) * 12, *(12,) * 8, *(24,) * 8, *(48,) * 8, 128, 129)


class RoFormerParams(Params):
    """What both RoFormers have; `networks.roformer.Sizes` explains the names."""

    features: Count = 384
    depth: Count = 6
    heads: Count = 8
    head_features: Even = 64
    time_depth: Count = 1
    band_depth: Count = 1
    mask_layers: Count = 3
    mask_hidden: Count = 1536
    dropout: Share = 0


class MelBandRoFormerParams(RoFormerParams):
    """Number of mel `bands`, and sizes."""

    bands: Count = 60


class BSRoFormerParams(RoFormerParams):
    """Bins of each band (`widths`), which sum to those of the spectrum, and sizes."""

    depth: Count = 12
    mask_layers: Count = 2
    widths: Annotated[tuple[Count, ...], Field(min_length=1)] = PUBLISHED_WIDTHS


class HTDemucsParams(Params):
    """`channels`, their `growth` and number of layers (`depth`) of the U-Nets; the transformer's width
    (`bottom_channels`, 0: as the deepest layer's), `layers`, `heads` and `expansion`.
    """

    channels: Annotated[int, Field(ge=8)] = 48
    growth: Annotated[float, Field(ge=1)] = 2
    depth: Count = 4
    bottom_channels: CountFromZero = 512
    layers: CountFromZero = 5
    heads: Count = 8
    expansion: Positive = 4

    @model_validator(mode="after")
    def _can_be_divided(self) -> Self:
        width = self.bottom_channels or int(self.channels * self.growth ** (self.depth - 1))
        if width % 4 or width % self.heads:
            raise ValueError(f"has {width} features in the transformer, which 4 and heads={self.heads} must divide")
        return self


class MDX23CParams(Params):
    """`networks.mdx23c` explains the names."""

    subbands: Count = 4
    width: Count = 128
    growth: CountFromZero = 128
    depth: Count = 5
    blocks: Count = 2
    bottleneck: Count = 4
    norm: str = "InstanceNorm"
    activation: str = "gelu"


class SCNetParams(Params):
    """`networks.scnet` explains the names."""

    widths: Annotated[tuple[Count, ...], Field(min_length=1)] = (32, 64, 128)
    kernel: Count = 3
    compression: Count = 4
    dual_layers: Even = 6
    expansion: Count = 1

    @model_validator(mode="after")
    def _can_be_compressed(self) -> Self:
        if min(self.widths) < self.compression:
            raise ValueError(f"has a width below its compression, {self.compression}")
        if not self.kernel % 2:
            raise ValueError("has an even kernel, where an odd one is needed")
        return self


CHUNK_MODEL_PARAMS: dict[str, type[Params]] = {
    "mel_band_roformer": MelBandRoFormerParams,
    "bs_roformer": BSRoFormerParams,
    "htdemucs": HTDemucsParams,
    "mdx23c": MDX23CParams,
    "scnet": SCNetParams,
}


def read_model_params(value: object, model: str) -> Params:
    """MODEL_PARAMS of `model`; a SettingsError says what is wrong with a value.

    The option's default is the original's: it stands for the defaults of any network.
    """
    kind = OwnParams if is_own(model) else CHUNK_MODEL_PARAMS.get(model, ModelParams)
    plain = value.model_dump() if isinstance(value, Params) else value
    plain = read_literal(plain) if isinstance(plain, str) else plain
    if plain == read_literal(ORIGINAL_DEFAULT):
        plain = {}
    try:
        return kind.model_validate(value if plain is None else plain)
    except ValidationError as error:
        details = error.errors()[0]
        details["loc"] = ("MODEL_PARAMS", *details["loc"])
        raise SettingsError(wrong_value(details, value, {"model_params": FieldInfo.from_annotation(kind)})) from None
