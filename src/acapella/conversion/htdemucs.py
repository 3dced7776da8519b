"""Published checkpoints of HT-Demucs: files of Demucs, which hold their arguments, or a .ckpt with its YAML file."""

import json
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from torch import Tensor

from acapella.conversion.published import describe
from acapella.conversion.torch_files import Shapes, TorchFile
from acapella.conversion.torch_model import TorchModel
from acapella.conversion.training_config import TrainingConfig
from acapella.conversion.weights import Weights, agree, refuse_unknown
from acapella.errors import ModelFileError
from acapella.models.description import ModelDescription
from acapella.networks.htdemucs import HTDemucs
from acapella.networks.htdemucs_convolutions import LayerSizes
from acapella.networks.htdemucs_transformer import TransformerSizes

FAMILY = "htdemucs"
CLASS = "demucs.htdemucs.HTDemucs"
OVERLAP = Fraction(1, 4)  # of two chunks
FIRST, FIRST_T, SECOND = "encoder.0.conv.weight", "tencoder.0.conv.weight", "encoder.1.conv.weight"
LAST_T = "tdecoder.{}.conv_tr.weight"
FREQUENCIES, UPSAMPLER = "freq_emb.embedding.weight", "channel_upsampler.weight"
GATE, RESIDUAL = "{}.0.rewrite.weight", "{}.0.dconv.layers.0.0.weight"  # of "encoder" and "decoder"
ATTENTION = "crosstransformer.layers.0.linear1.weight"

KNOWN = frozenset(
    {"audio_channels", "bottom_channels", "cac", "channels", "context", "context_enc", "dconv_comp", "dconv_depth"}
    | {"dconv_mode", "depth", "emb_scale", "freq_emb", "growth", "kernel_size", "nfft", "norm_groups", "norm_starts"}
    | {"num_subbands", "rewrite", "samplerate", "segment", "sources", "stride", "t_cross_first", "t_emb", "t_gelu"}
    | {"t_heads", "t_hidden_scale", "t_layer_scale", "t_layers", "t_max_period", "t_norm_first", "t_norm_in"}
    | {"t_norm_out", "t_weight_pos_embed"}
)
WITHOUT_EFFECT = frozenset(  # but in training, or beside others that are refused
    {"dconv_init", "emb_smooth", "end_iters", "multi_freqs_depth", "rescale", "t_auto_sparsity", "t_cape_augment"}
    | {"t_cape_glob_loc_scale", "t_cape_mean_normalize", "t_dropout", "t_global_window", "t_lr", "t_mask_random_seed"}
    | {"t_mask_type", "t_max_positions", "t_sin_random_shift", "t_sparse_attn_window", "t_sparsity", "t_weight_decay"}
    | {"time_stride", "use_train_segment", "wiener_residual"}
)


def matches(shapes: Shapes) -> bool:
    """Whether a checkpoint with such tensors is of HT-Demucs."""
    return all(name in shapes for name in (FIRST, FIRST_T, LAST_T.format(0), ATTENTION))


def stored_config(file: TorchFile) -> TrainingConfig:
    """What a file of Demucs says of its network, in the sections of a YAML file."""
    arguments = file.values.get("kwargs")
    if isinstance(arguments, str):  # of safetensors
        try:
            arguments = json.loads(arguments, object_hook=_fraction)
        except (ValueError, TypeError, RecursionError):
            raise ModelFileError(f"{file.name}: its kwargs cannot be read.") from None
    if file.values.get("klass") != CLASS or not isinstance(arguments, Mapping):
        raise ModelFileError(f"{file.name} does not say the arguments of its network: its YAML file is needed.")
    training = {"instruments": arguments.get("sources"), "segment": arguments.get("segment")}
    training |= {"samplerate": arguments.get("samplerate"), "channels": arguments.get("audio_channels")}
    return TrainingConfig({"htdemucs": arguments, "training": training, "inference": {"normalize": True}}, file.name)


def read(tensors: Mapping[str, Tensor], config: TrainingConfig, name: str) -> TorchModel:
    """The network of the checkpoint `name`; ModelFileError for what is not known or contradicts itself."""
    _refuse_others(config)
    weights = Weights(tensors, name)
    sizes = _sizes(weights, config)
    description = _describe(config, name, sizes, LAST_T.format(sizes["depth"] - 1))
    layers, transformer = _layers(weights, config, sizes["depth"]), _transformer(weights, config)
    network = HTDemucs(samples=_samples(config), **sizes, layers=layers, transformer=transformer)
    weights.load_by_name(network)
    return TorchModel(network, description)


def _describe(config: TrainingConfig, name: str, sizes: Mapping[str, Any], tensor: str) -> ModelDescription:
    """Chunks as Demucs has them, three quarters of a segment apart unless the YAML file asks for others."""
    length = _samples(config)
    overlap = config.integer("inference.num_overlap", 0, least=0)
    step = length // overlap if overlap else 3 * length // 4
    schedule = {"kind": "chunks", "length": length, "step": step, "window": "triangular"}
    schedule |= {"edges": "zeros", "tail": "centred"}
    front_end = {"kind": "hybrid", "sample_rate": _sample_rate(config), "channels": sizes["audio_channels"]}
    front_end |= {"window_length": sizes["window_length"]}
    return describe(
        config, FAMILY, name, front_end, sources=sizes["sources"], output="hybrid", tensor=tensor, schedule=schedule
    )


def _sample_rate(config: TrainingConfig) -> int:
    return config.integer("training.samplerate", 44100)


def _samples(config: TrainingConfig) -> int:
    """Of a segment, which is given in seconds."""
    return int(config.number("training.segment", 10) * _sample_rate(config))


def _refuse_others(config: TrainingConfig) -> None:
    """Raise for arguments that mean a network of another kind."""
    refuse_unknown(config, "htdemucs", KNOWN | WITHOUT_EFFECT)
    for key, found, known in (
        ("cac", config.boolean("htdemucs.cac", True), True),
        ("num_subbands", config.integer("htdemucs.num_subbands", 1), 1),
        ("t_emb", config.text("htdemucs.t_emb", "sin"), "sin"),
    ):
        if found != known:
            said = f"{config.name}: htdemucs.{key}: {str(found)[:40]} is not known"
            raise ModelFileError(f"{said}; only networks with {known} can be converted.")


def _sizes(weights: Weights, config: TrainingConfig) -> dict[str, Any]:
    """Numbers of the whole network; raises where the arguments say others than the tensors."""
    channels, audio_channels = weights.shape(FIRST, 4)[0], weights.shape(FIRST_T, 3)[1]
    depth = weights.count("encoder.{}.")
    bottom = weights.shape(UPSAMPLER, 3)[0] if UPSAMPLER in weights else 0
    window_length, stride = config.integer("htdemucs.nfft", 4096), config.integer("htdemucs.stride", 4)
    agree(weights, config, "htdemucs.channels", channels, FIRST)
    agree(weights, config, "htdemucs.depth", depth, "encoder")
    agree(weights, config, "htdemucs.audio_channels", audio_channels, FIRST_T)
    agree(weights, config, "training.channels", audio_channels, FIRST_T)
    agree(weights, config, "htdemucs.bottom_channels", bottom, UPSAMPLER)
    embedded = FREQUENCIES in weights
    if embedded and (bins := weights.shape(FREQUENCIES, 2)[0]) != window_length // 2 // stride:
        said = f"{config.name} says htdemucs.nfft: {window_length} and stride: {stride}"
        raise ModelFileError(f"{said}, but the tensor {FREQUENCIES} of {weights.name} has {bins} rows.")
    return {
        "sources": weights.shape(LAST_T.format(depth - 1), 3)[1] // audio_channels,
        "audio_channels": audio_channels,
        "window_length": window_length,
        "channels": channels,
        "growth": weights.shape(SECOND, 4)[0] / channels if depth > 1 else 1.0,
        "depth": depth,
        "frequency_weight": float(config.number("htdemucs.freq_emb", 0.2)) if embedded else 0.0,
        "frequency_scale": float(config.number("htdemucs.emb_scale", 10)),
        "bottom_channels": bottom,
    }


def _layers(weights: Weights, config: TrainingConfig, depth: int) -> LayerSizes:
    """What the convolutional layers have in common."""
    kernel = weights.shape(FIRST, 4)[2]
    normalized = [number for number in range(depth) if f"encoder.{number}.norm1.weight" in weights]
    residual = {branch: RESIDUAL.format(branch) for branch in ("encoder", "decoder")}
    rewrite = GATE.format("encoder") in weights
    agree(weights, config, "htdemucs.kernel_size", kernel, FIRST)
    sizes: dict[str, Any] = {
        "kernel": kernel,
        "stride": config.integer("htdemucs.stride", 4),
        "normalized_from": min(normalized, default=None),
        "groups": config.integer("htdemucs.norm_groups", 4),
        "rewrite": rewrite,
        "residual_encoder": residual["encoder"] in weights,
        "residual_decoder": residual["decoder"] in weights,
    }
    if rewrite:
        for branch, key in (("encoder", "context_enc"), ("decoder", "context")):
            gate = GATE.format(branch)
            sizes[f"{branch}_context"] = context = weights.shape(gate, 4)[-1] // 2
            agree(weights, config, f"htdemucs.{key}", context, gate)
    for branch, tensor in residual.items():
        if tensor in weights:
            sizes["residual_compression"] = config.integer("htdemucs.dconv_comp", 8)
            sizes["residual_depth"] = layers = weights.count(f"{branch}.0.dconv.layers.{{}}.")
            agree(weights, config, "htdemucs.dconv_depth", layers, tensor)
    return LayerSizes(**sizes)


def _transformer(weights: Weights, config: TrainingConfig) -> TransformerSizes:
    hidden, width = weights.shape(ATTENTION, 2)
    layers, heads = weights.count("crosstransformer.layers.{}."), config.integer("htdemucs.t_heads", 8)
    agree(weights, config, "htdemucs.t_layers", layers, "crosstransformer.layers")
    if width % heads:
        raise ModelFileError(f"{config.name}: htdemucs.t_heads: {heads} does not divide the {width} of {ATTENTION}.")
    if int(width * config.number("htdemucs.t_hidden_scale", hidden / width)) != hidden:
        said = f"{config.name} says htdemucs.t_hidden_scale: {config.number('htdemucs.t_hidden_scale', 0)}"
        raise ModelFileError(f"{said}, but the tensor {ATTENTION} of {weights.name} says {hidden / width:g}.")
    return TransformerSizes(
        layers=layers,
        heads=heads,
        expansion=hidden / width,
        cross_first=config.boolean("htdemucs.t_cross_first", False),
        norm_in="crosstransformer.norm_in.weight" in weights,
        norm_first=config.boolean("htdemucs.t_norm_first", True),
        norm_out=config.boolean("htdemucs.t_norm_out", True),
        layer_scale="crosstransformer.layers.0.gamma_1.scale" in weights,
        gelu=config.boolean("htdemucs.t_gelu", True),
        position_period=float(config.number("htdemucs.t_max_period", 10_000)),
        position_weight=float(config.number("htdemucs.t_weight_pos_embed", 1)),
    )


def _fraction(values: dict[str, Any]) -> Any:
    """An object of JSON, which may stand for a fraction."""
    if values.get("_type") == "fraction":
        return Fraction(values["numerator"], values["denominator"])
    return values
