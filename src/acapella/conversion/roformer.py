"""Checkpoints of RoFormers: sizes from the shapes of their tensors, and the tensors by the names that ours have."""

from collections.abc import Sequence
from itertools import pairwise, zip_longest

import torch
from torch import Tensor

from acapella.conversion.published import describe, spectral_front_end
from acapella.conversion.torch_files import Shapes
from acapella.conversion.torch_model import TorchModel
from acapella.conversion.training_config import TrainingConfig
from acapella.conversion.weights import Weights, agree
from acapella.errors import ModelFileError
from acapella.networks.roformer import RoFormer, Sizes
from acapella.networks.transformer import EXPANSION

State = dict[str, Tensor]

GAMMA = "band_split.to_features.{}.0.gamma"
BAND_MASK = "mask_estimators.0.to_freqs.{}."
ATTENTION = "layers.{}.{}.layers.{}."

# Keys of a YAML file's section "model" that both families know; the second part is for training only.
MODEL_KEYS = """
    dim depth stereo num_stems time_transformer_depth freq_transformer_depth linear_transformer_depth dim_head heads
    dim_freqs_in stft_n_fft stft_hop_length stft_win_length stft_normalized mask_estimator_depth mlp_expansion_factor
    skip_connection zero_dc

    attn_dropout ff_dropout flash_attn linear_flash_attn sage_attention use_torch_checkpoint match_input_audio_length
    multi_stft_resolution_loss_weight multi_stft_resolutions_window_sizes multi_stft_hop_size multi_stft_normalized
"""
KEYS = frozenset(MODEL_KEYS.split())


def is_roformer(shapes: Shapes) -> bool:
    """Whether a checkpoint with such tensors is of one of the RoFormers."""
    needed = (GAMMA.format(0), f"{BAND_MASK.format(0)}0.0.weight", f"{ATTENTION.format(0, 0, 0)}0.norm.gamma")
    return all(name in shapes for name in needed)


def band_widths(weights: Weights) -> list[int]:
    """Real numbers that each band holds of a frame."""
    return [weights.shape(GAMMA.format(band), 1)[0] for band in range(weights.count("band_split.to_features.{}."))]


def read_sizes(weights: Weights, config: TrainingConfig) -> Sizes:
    """Sizes by the tensors' shapes; raises where the YAML file says others."""
    features = weights.shape("band_split.to_features.0.1.weight", 2)[0]
    depth, transformers = weights.count("layers.{}."), weights.count("layers.0.{}.")
    if transformers not in (2, 3):
        raise ModelFileError(f"{weights.name} has {transformers} transformers in a block, where 2 or 3 are known.")
    covariance, time, band = (None, 0, 1) if transformers == 2 else (0, 1, 2)
    gates, qkv = (f"{ATTENTION.format(0, time, 0)}0.{name}.weight" for name in ("to_gates", "to_qkv"))
    heads, rows = weights.shape(gates, 2)[0], weights.shape(qkv, 2)[0]
    if rows % (6 * heads):
        raise ModelFileError(f"{weights.name}: {rows} rows of the tensor {qkv} cannot be divided among {heads} heads.")
    linears = len([n for n in range(64) if f"{BAND_MASK.format(0)}0.{2 * n}.weight" in weights])
    hidden = weights.shape(f"{BAND_MASK.format(0)}0.0.weight", 2)[0] if linears > 1 else EXPANSION * features
    sizes = Sizes(
        features=features,
        depth=depth,
        heads=heads,
        head_features=rows // (3 * heads),
        time_depth=weights.count(f"layers.0.{time}.layers.{{}}."),
        band_depth=weights.count(f"layers.0.{band}.layers.{{}}."),
        covariance_depth=0 if covariance is None else weights.count(f"layers.0.{covariance}.layers.{{}}."),
        mask_layers=linears,
        mask_hidden=hidden,
        block_norm="layers.0.0.norm.gamma" in weights,
        final_norm="final_norm.gamma" in weights,
        skip_connection=config.boolean("model.skip_connection", False),
        silent_bins=1 if config.boolean("model.zero_dc", True) else 0,  # true since 2026, and not written before
    )
    _check(sizes, weights, config, gates, qkv)
    return sizes


def _check(sizes: Sizes, weights: Weights, config: TrainingConfig, gates: str, qkv: str) -> None:
    hidden = f"{BAND_MASK.format(0)}0.0.weight"
    for key, size, tensor in (
        ("dim", sizes.features, "band_split.to_features.0.1.weight"),
        ("depth", sizes.depth, f"layers.{sizes.depth - 1}"),
        ("heads", sizes.heads, gates),
        ("dim_head", sizes.head_features, qkv),
        ("time_transformer_depth", sizes.time_depth, gates),
        ("freq_transformer_depth", sizes.band_depth, gates),
        ("linear_transformer_depth", sizes.covariance_depth, "layers.0.0"),
    ):
        agree(weights, config, f"model.{key}", size, tensor)
    if sizes.mask_layers > 1 and not sizes.mask_hidden % sizes.features:
        agree(weights, config, "model.mlp_expansion_factor", sizes.mask_hidden // sizes.features, hidden)
    said = config.integer("model.mask_estimator_depth", sizes.mask_layers)
    if said not in (sizes.mask_layers, sizes.mask_layers - 1):  # some programs do not count the last layer
        agree(weights, config, "model.mask_estimator_depth", sizes.mask_layers, hidden)


def read_window(config: TrainingConfig) -> int:
    """Length of the STFT's window, which is that of its transform."""
    length, window = config.integer("model.stft_n_fft", 2048), config.integer("model.stft_win_length", 2048)
    if window != length:
        raise ModelFileError(f"{config.name}: model.stft_win_length must be model.stft_n_fft, {length}, not {window}.")
    return length


def read_channels(config: TrainingConfig) -> int:
    """Channels of the audio."""
    channels = 2 if config.boolean("model.stereo", False) else 1
    if (said := config.integer("audio.num_channels", channels)) != channels:
        raise ModelFileError(f"{config.name} says model.stereo: {channels == 2}, but audio.num_channels: {said}.")
    return channels


def check_widths(weights: Weights, expected: Sequence[int], config: TrainingConfig, key: str) -> None:
    """Raise unless each band holds as many real numbers as `key` of the YAML file comes to."""
    widths = band_widths(weights)
    for band, (width, said) in enumerate(zip_longest(widths, expected)):
        if width != said:
            raise ModelFileError(
                f"{config.name}: {key} comes to {said or 'no'} values in band {band}, "
                f"but the tensor {GAMMA.format(band)} of {weights.name} says {width or 'none'}."
            )


def count_sources(weights: Weights, config: TrainingConfig) -> int:
    """How many sources the network has masks for."""
    number = weights.count("mask_estimators.{}.")
    agree(weights, config, "model.num_stems", number, "mask_estimators")
    return number


def published(
    network: RoFormer, family: str, weights: Weights, config: TrainingConfig, *, channels: int, sample_rate: int
) -> TorchModel:
    """The network with all that its YAML file says of it."""
    front_end = spectral_front_end(
        sample_rate=sample_rate,
        channels=channels,
        window_length=read_window(config),
        hop=config.integer("model.stft_hop_length", 512),
        normalized=config.boolean("model.stft_normalized", False),
        bins=network.bins,
    )
    number, tensor = len(network.masks), "mask_estimators"
    description = describe(config, family, weights.name, front_end, sources=number, output="mask", tensor=tensor)
    return TorchModel(network, description)


def load(network: RoFormer, weights: Weights) -> None:
    """Fill the network with the checkpoint's tensors."""
    sizes = network.sizes
    state: State = {}
    widths = network.split.widths
    state |= _split(weights, widths, sizes.features)
    for source in range(len(network.masks)):
        state |= _mask(weights, source, widths, sizes)
    depths = {"covariance": sizes.covariance_depth, "time": sizes.time_depth, "bands": sizes.band_depth}
    kinds = [kind for kind, depth in depths.items() if depth]
    for place, kind in enumerate(kinds[-2:], start=len(kinds) - 2):
        state[f"{kind}_rotation.frequencies"] = _frequencies(weights, place, sizes)
    for block in range(sizes.depth):
        for place, kind in enumerate(kinds):
            names = f"blocks.{block}.{kind}.", f"layers.{block}.{place}."
            state |= _transformer(weights, *names, depths[kind], sizes, rotary=kind != "covariance")
    if sizes.final_norm:
        state["norm.weight"] = weights.take("final_norm.gamma", sizes.features)
    weights.load(network, state)


def _split(weights: Weights, widths: Sequence[int], features: int) -> State:
    """The way from the bands' values to the features."""
    state = {}
    for band, width in enumerate(widths):
        ours, theirs = f"split.layers.{band}.", f"band_split.to_features.{band}.1."
        state[f"{ours}weight"] = weights.take(f"{theirs}weight", features, width)
        state[f"{ours}bias"] = weights.take(f"{theirs}bias", features)
    gammas = [weights.take(GAMMA.format(band), width) for band, width in enumerate(widths)]
    return {"split.weight": torch.cat(gammas), **state}


def _mask(weights: Weights, source: int, widths: Sequence[int], sizes: Sizes) -> State:
    """The way from the features to the mask of one source."""
    state = {}
    for band, width in enumerate(widths):
        numbers = [sizes.features, *[sizes.mask_hidden] * (sizes.mask_layers - 1), 2 * width]
        for layer, (inputs, outputs) in enumerate(pairwise(numbers)):
            ours = f"masks.{source}.networks.{band}.{2 * layer}."
            theirs = f"mask_estimators.{source}.to_freqs.{band}.0.{2 * layer}."
            state[f"{ours}weight"] = weights.take(f"{theirs}weight", outputs, inputs)
            state[f"{ours}bias"] = weights.take(f"{theirs}bias", outputs)
    return state


def _transformer(weights: Weights, ours: str, theirs: str, depth: int, sizes: Sizes, *, rotary: bool) -> State:
    state: State = {}
    inner = EXPANSION * sizes.features
    for layer in range(depth):
        attention = f"{ours}attention.{layer}.", f"{theirs}layers.{layer}.0."
        state |= (_attention if rotary else _covariance_attention)(weights, *attention, sizes)
        forward, net = f"{ours}feed_forward.{layer}.", f"{theirs}layers.{layer}.1.net."
        state |= {
            f"{forward}0.weight": weights.take(f"{net}0.gamma", sizes.features),
            f"{forward}1.weight": weights.take(f"{net}1.weight", inner, sizes.features),
            f"{forward}1.bias": weights.take(f"{net}1.bias", inner),
            f"{forward}4.weight": weights.take(f"{net}4.weight", sizes.features, inner),
            f"{forward}4.bias": weights.take(f"{net}4.bias", sizes.features),
        }
    if sizes.block_norm:
        state[f"{ours}norm.weight"] = weights.take(f"{theirs}norm.gamma", sizes.features)
    return state


def _attention(weights: Weights, ours: str, theirs: str, sizes: Sizes) -> State:
    """Pairs that the rotary embedding turns are neighbours there; here the second of all pairs follow the first."""
    inner = sizes.heads * sizes.head_features
    qkv = weights.take(f"{theirs}to_qkv.weight", 3 * inner, sizes.features)
    query, key, value = qkv.reshape(3, sizes.heads, -1, sizes.features)
    halves = [torch.cat([part[:, ::2], part[:, 1::2]], dim=1) for part in (query, key)]
    return {
        f"{ours}norm.weight": weights.take(f"{theirs}norm.gamma", sizes.features),
        f"{ours}query.weight": halves[0].flatten(0, 1),
        f"{ours}key.weight": halves[1].flatten(0, 1),
        f"{ours}value.weight": value.flatten(0, 1),
        f"{ours}gate.weight": weights.take(f"{theirs}to_gates.weight", sizes.heads, sizes.features),
        f"{ours}gate.bias": weights.take(f"{theirs}to_gates.bias", sizes.heads),
        f"{ours}out.weight": weights.take(f"{theirs}to_out.0.weight", sizes.features, inner),
    }


def _covariance_attention(weights: Weights, ours: str, theirs: str, sizes: Sizes) -> State:
    inner = sizes.heads * sizes.head_features
    qkv = weights.take(f"{theirs}to_qkv.0.weight", 3 * inner, sizes.features)
    return {
        f"{ours}norm.weight": weights.take(f"{theirs}norm.gamma", sizes.features),
        **{f"{ours}{name}.weight": part for name, part in zip(("query", "key", "value"), qkv.chunk(3), strict=True)},
        f"{ours}temperature": weights.take(f"{theirs}temperature", sizes.heads, 1, 1),
        f"{ours}out.weight": weights.take(f"{theirs}to_out.1.weight", sizes.features, inner),
    }


def _frequencies(weights: Weights, place: int, sizes: Sizes) -> Tensor:
    """Of the rotary embedding, which all transformers at one `place` of their blocks share."""
    copies = [
        weights.take(f"layers.{block}.{place}.layers.{layer}.0.rotary_embed.freqs", sizes.head_features // 2)
        for block in range(sizes.depth)
        for layer in range(weights.count(f"layers.{block}.{place}.layers.{{}}.0.rotary_embed"))
    ]
    if any(not torch.equal(copy, copies[0]) for copy in copies):
        name = f"layers.0.{place}.layers.0.0.rotary_embed.freqs"
        raise ModelFileError(f"{weights.name}: the tensor {name} differs from block to block, which is not known.")
    return copies[0]
