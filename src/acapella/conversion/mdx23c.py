"""Published checkpoints of MDX23C (TFC-TDF-UNet v3): a .ckpt and its YAML file."""

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor

from acapella.conversion.published import describe, spectral_front_end
from acapella.conversion.torch_files import Shapes
from acapella.conversion.torch_model import TorchModel
from acapella.conversion.training_config import TrainingConfig
from acapella.conversion.weights import Weights, agree, refuse_unknown
from acapella.errors import ModelFileError, SettingsError
from acapella.networks.mdx23c import MDX23C

FAMILY = "mdx23c"
KEYS = frozenset(
    {"act", "bottleneck_factor", "growth", "norm", "num_blocks_per_scale", "num_channels", "num_scales"}
    | {"num_subbands", "scale"}
)
FIRST, LAST = "first_conv.weight", "final_conv.2.weight"
TDF = "encoder_blocks.0.tfc_tdf.blocks.0.tdf.2.weight"
DOWN = "encoder_blocks.{}.downscale.conv.2.weight"


def matches(shapes: Shapes) -> bool:
    """Whether a checkpoint with such tensors is an MDX23C."""
    needed = FIRST, LAST, TDF, DOWN.format(0), "bottleneck_block.blocks.0.shortcut.weight"
    return all(name in shapes for name in needed)


def read(tensors: Mapping[str, Tensor], config: TrainingConfig, name: str) -> TorchModel:
    """The network of the checkpoint `name`; raises ModelFileError for what is not known or contradicts itself."""
    refuse_unknown(config, "model", KEYS)
    weights = Weights(tensors, name)
    channels = config.integer("audio.num_channels", 2)
    sizes = _sizes(weights, config, channels)
    norm, activation = config.text("model.norm", "none"), config.text("model.act", "gelu")
    try:
        network = MDX23C(channels=2 * channels, norm=norm, activation=activation, **sizes)
    except SettingsError as error:
        raise ModelFileError(f"{config.name}, section model: {error}") from error
    weights.load(network, dict(_state(weights, network)))
    window = config.integer("audio.n_fft")
    if network.bins > window // 2 + 1:
        raise ModelFileError(f"{config.name}: audio.n_fft {window} has fewer bins than {name} takes, {network.bins}.")
    front_end = spectral_front_end(
        sample_rate=config.integer("audio.sample_rate", 44100),
        channels=channels,
        window_length=window,
        hop=config.integer("audio.hop_length"),
        normalized=False,
        bins=network.bins,
    )
    number = sizes["sources"]
    description = describe(config, FAMILY, name, front_end, sources=number, output="spectrum", tensor=LAST)
    return TorchModel(network, description)


def _sizes(weights: Weights, config: TrainingConfig, channels: int) -> dict[str, Any]:
    """Sizes by the tensors' shapes; raises where the YAML file says others."""
    width, inputs, *_ = weights.shape(FIRST, 4)
    outputs, _, *scale = weights.shape(DOWN.format(0), 4)
    few, band = weights.shape(TDF, 2)
    subbands, rest = divmod(inputs, 2 * channels)
    number, uneven = divmod(weights.shape(LAST, 4)[0], inputs)
    if rest or uneven or outputs < width:
        raise ModelFileError(
            f"{config.name} says audio.num_channels: {channels}, with which the shapes of the tensors "
            f"{FIRST}, {DOWN.format(0)} and {LAST} of {weights.name} do not go."
        )
    depth, blocks = weights.count("encoder_blocks.{}."), weights.count("encoder_blocks.0.tfc_tdf.blocks.{}.")
    for key, size, tensor in (
        ("model.num_channels", width, FIRST),
        ("model.num_subbands", subbands, FIRST),
        ("model.growth", outputs - width, DOWN.format(0)),
        ("model.num_scales", depth, "encoder_blocks"),
        ("model.num_blocks_per_scale", blocks, "encoder_blocks.0.tfc_tdf.blocks"),
        ("model.bottleneck_factor", band // few, TDF),
        ("audio.dim_f", band * subbands, TDF),
    ):
        agree(weights, config, key, size, tensor)
    if config.has("model.scale") and config.integers("model.scale") != tuple(scale):
        raise ModelFileError(f"{config.name}: model.scale is not that of {DOWN.format(0)} of {weights.name}, {scale}.")
    return {
        "bins": band * subbands,
        "sources": number,
        "subbands": subbands,
        "width": width,
        "growth": outputs - width,
        "depth": depth,
        "blocks": blocks,
        "bottleneck": band // few,
        "scale": tuple(scale),
    }


def _state(weights: Weights, network: MDX23C) -> Iterator[tuple[str, Tensor]]:
    """Our names with the checkpoint's tensors."""
    for ours, tensor in network.state_dict().items():
        yield ours, weights.take(their_name(ours), *tensor.shape)


def their_name(name: str) -> str:
    """Of our tensor, in the checkpoint."""
    place, *rest = name.split(".")
    if place == "first":
        return FIRST
    if place == "last":
        return f"final_conv.{rest[0]}.weight"
    block = {"encoder": "encoder_blocks.{}.tfc_tdf.blocks.", "decoder": "decoder_blocks.{}.tfc_tdf.blocks."}
    scaling = {"down": "encoder_blocks.{}.downscale.conv.", "up": "decoder_blocks.{}.upscale.conv."}
    if place in scaling:
        return scaling[place].format(rest[0]) + ".".join(rest[1:])
    if place == "deepest":
        return "bottleneck_block.blocks." + _in_block(rest)
    return block[place].format(rest[0]) + _in_block(rest[1:])


def _in_block(parts: list[str]) -> str:
    """Number of the block, part of it, and the tensor: two layers of what connects frequencies are one list there."""
    number, part, *rest = parts
    if part == "connect":
        half, layer, kind = rest
        return f"{number}.tdf.{3 * int(half) + int(layer)}.{kind}"
    return ".".join([number, {"shortcut": "shortcut", "convolve": "tfc1", "after": "tfc2"}[part], *rest])
