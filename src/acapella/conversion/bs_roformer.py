"""Published checkpoints of BS-RoFormer: a .ckpt and its YAML file."""

from collections.abc import Mapping

from torch import Tensor

from acapella.conversion import roformer
from acapella.conversion.torch_files import Shapes
from acapella.conversion.torch_model import TorchModel
from acapella.conversion.training_config import TrainingConfig
from acapella.conversion.weights import Weights, refuse_unknown
from acapella.errors import ModelFileError
from acapella.networks.bs_roformer import bs_roformer

FAMILY = "bs_roformer"
KEYS = roformer.KEYS | {"freqs_per_bands"}


def matches(shapes: Shapes) -> bool:
    """Whether a checkpoint with such tensors is a BS-RoFormer: its transformers end without a norm."""
    return roformer.is_roformer(shapes) and "layers.0.0.norm.gamma" not in shapes


def read(tensors: Mapping[str, Tensor], config: TrainingConfig, name: str) -> TorchModel:
    """The network of the checkpoint `name`; raises ModelFileError for what is not known or contradicts itself."""
    refuse_unknown(config, "model", KEYS)
    weights = Weights(tensors, name)
    sizes, channels = roformer.read_sizes(weights, config), roformer.read_channels(config)
    widths = [width // (2 * channels) for width in roformer.band_widths(weights)]
    roformer.check_widths(weights, [2 * channels * width for width in widths], config, "model.stereo")
    if config.has("model.freqs_per_bands"):
        said = [2 * channels * width for width in config.integers("model.freqs_per_bands")]
        roformer.check_widths(weights, said, config, "model.freqs_per_bands with model.stereo")
    length = roformer.read_window(config)
    if sum(widths) != length // 2 + 1:
        raise ModelFileError(
            f"{config.name}: model.stft_n_fft {length} has {length // 2 + 1} bins, "
            f"but the tensors band_split.to_features of {name} say {sum(widths)}."
        )
    number = roformer.count_sources(weights, config)
    network = bs_roformer(channels=2 * channels, sources=number, widths=widths, sizes=sizes)
    roformer.load(network, weights)
    rate = config.integer("audio.sample_rate", 44100)
    return roformer.published(network, FAMILY, weights, config, channels=channels, sample_rate=rate)
