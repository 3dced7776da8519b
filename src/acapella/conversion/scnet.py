"""Published checkpoints of SCNet: a .ckpt and its YAML file."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from acapella.conversion.published import chunk_schedule, describe, spectral_front_end
from acapella.conversion.torch_files import Shapes
from acapella.conversion.torch_model import TorchModel
from acapella.conversion.training_config import TrainingConfig
from acapella.conversion.weights import Weights, agree, refuse_unknown
from acapella.errors import ModelFileError
from acapella.models.description import ModelDescription
from acapella.networks.scnet import SCNet
from acapella.networks.scnet_layers import Band

FAMILY = "scnet"
KEYS = frozenset(
    {"audio_channels", "band_SR", "band_kernel", "band_stride", "compress", "conv_depths", "conv_kernel", "dims"}
    | {"expand", "hop_size", "nfft", "normalized", "num_dplayer", "sources", "win_size"}
)
COMPRESS, NARROW = "encoder.{}.SDlayer.convs.{}.weight", "encoder.0.conv_modules.0.layers.0.1.weight"
EXPAND = "decoder.{}.1.convtrs.0.weight"
LSTM = "separation_net.dp_modules.0.lstm_layers.0.weight_hh_l0"
MASK = "mask_layer.0.weight"
ROUNDING = 1e-3  # of the sum of the bands' shares


def matches(shapes: Shapes) -> bool:
    """Whether a checkpoint with such tensors is an SCNet."""
    return all(name in shapes for name in (COMPRESS.format(0, 0), EXPAND.format(0), LSTM))


def read(tensors: Mapping[str, Tensor], config: TrainingConfig, name: str) -> TorchModel:
    """The network of the checkpoint `name`; raises ModelFileError for what is not known or contradicts itself."""
    refuse_unknown(config, "model", KEYS)
    weights = Weights(tensors, name)
    if MASK in weights:
        raise ModelFileError(f"{name} is an SCNet that predicts masks (scnet_masked), which cannot be converted.")
    window_length = config.integer("model.nfft", 4096)
    if (said := config.integer("model.win_size", window_length)) != window_length:
        raise ModelFileError(f"{config.name}: model.win_size: {said} is not model.nfft: {window_length}.")
    sizes = _sizes(weights, config)
    description = _describe(config, name, sizes, window_length, EXPAND.format(len(sizes["widths"]) - 1))
    network = SCNet(**sizes, bins=window_length // 2 + 1)
    weights.load_by_name(network)
    return TorchModel(network, description)


def _describe(
    config: TrainingConfig, name: str, sizes: Mapping[str, Any], window_length: int, tensor: str
) -> ModelDescription:
    """The window is rectangular, and silence behind each chunk makes the number of its frames even."""
    hop, schedule = config.integer("model.hop_size", 1024), chunk_schedule(config)
    front_end = spectral_front_end(
        sample_rate=config.integer("audio.sample_rate", 44100),
        channels=sizes["audio_channels"],
        window_length=window_length,
        hop=hop,
        normalized=config.boolean("model.normalized", True),
        bins=window_length // 2 + 1,
    )
    front_end |= {"window": "rectangular"}
    hops = schedule["length"] // hop + 1
    schedule |= {"padding": (hops + (hops + 1) % 2) * hop - schedule["length"]}
    return describe(
        config, FAMILY, name, front_end, sources=sizes["sources"], output="spectrum", tensor=tensor, schedule=schedule
    )


def _sizes(weights: Weights, config: TrainingConfig) -> dict[str, Any]:
    """Numbers of the network; raises where the YAML file says others than the tensors."""
    parts = weights.shape(COMPRESS.format(0, 0), 4)[1]
    widths = [weights.shape(COMPRESS.format(layer, 0), 4)[0] for layer in range(weights.count("encoder.{}."))]
    few, _, kernel = weights.shape(NARROW, 3)
    hidden, dual_layers = weights.shape(LSTM, 2)[1], weights.count("separation_net.dp_modules.{}.")
    if dual_layers % 2:
        raise ModelFileError(f"{weights.name} has {dual_layers} layers of recurrence, where an even number is needed.")
    _agree_all(weights, config, "model.dims", (parts, *widths), COMPRESS.format("…", 0))
    for key, inferred, tensor in (
        ("model.audio_channels", parts // 2, COMPRESS.format(0, 0)),
        ("audio.num_channels", parts // 2, COMPRESS.format(0, 0)),
        ("model.conv_kernel", kernel, NARROW),
        ("model.expand", hidden // widths[-1], LSTM),
        ("model.num_dplayer", dual_layers, "separation_net.dp_modules"),
    ):
        agree(weights, config, key, inferred, tensor)
    return {
        "sources": weights.shape(EXPAND.format(len(widths) - 1), 4)[1] // parts,
        "audio_channels": parts // 2,
        "widths": widths,
        "bands": _bands(weights, config),
        "kernel": kernel,
        "compression": config.integer("model.compress", 2 * widths[0] // few),
        "dual_layers": dual_layers,
        "expansion": hidden // widths[-1],
    }


def _bands(weights: Weights, config: TrainingConfig) -> tuple[Band, ...]:
    number = weights.count("encoder.0.SDlayer.convs.{}.")
    kernels = tuple(weights.shape(COMPRESS.format(0, band), 4)[2] for band in range(number))
    depths = tuple(weights.count(f"encoder.0.conv_modules.{band}.layers.{{}}.") for band in range(number))
    shares, strides = config.numbers("model.band_SR"), config.integers("model.band_stride")
    _agree_all(weights, config, "model.band_kernel", kernels, COMPRESS.format(0, "…"))
    _agree_all(weights, config, "model.conv_depths", depths, "encoder.0.conv_modules")
    for key, listed in (("model.band_SR", shares), ("model.band_stride", strides)):
        if len(listed) != number:
            raise ModelFileError(f"{config.name} says {key} of {len(listed)} bands, but {weights.name} has {number}.")
    if not all(shares) or abs(sum(shares) - 1) > ROUNDING:
        raise ModelFileError(f"{config.name}: the shares model.band_SR do not sum to 1.")
    return tuple(Band(*numbers) for numbers in zip(shares, kernels, strides, depths, strict=True))


def _agree_all(weights: Weights, config: TrainingConfig, key: str, inferred: tuple[int, ...], tensor: str) -> None:
    """Raise where the YAML file has another list than the tensors say."""
    if config.has(key) and (said := config.integers(key)) != inferred:
        first, second = (", ".join(map(str, numbers)) for numbers in (said, inferred))
        raise ModelFileError(f"{config.name} says {key}: {first}, but the tensors {tensor} of {weights.name} {second}.")
