"""Published checkpoints of Mel-Band RoFormer: a .ckpt and its YAML file."""

from collections.abc import Mapping

from torch import Tensor

from acapella.conversion import roformer
from acapella.conversion.torch_files import Shapes
from acapella.conversion.torch_model import TorchModel
from acapella.conversion.training_config import TrainingConfig
from acapella.conversion.weights import Weights, agree, refuse_unknown
from acapella.errors import ModelFileError
from acapella.networks.mel_band_roformer import mel_band_roformer, mel_bands

FAMILY = "mel_band_roformer"
KEYS = roformer.KEYS | {"num_bands", "sample_rate"}


def matches(shapes: Shapes) -> bool:
    """Whether a checkpoint with such tensors is a Mel-Band RoFormer: each of its transformers ends with a norm."""
    return roformer.is_roformer(shapes) and "layers.0.0.norm.gamma" in shapes


def read(tensors: Mapping[str, Tensor], config: TrainingConfig, name: str) -> TorchModel:
    """The network of the checkpoint `name`; raises ModelFileError for what is not known or contradicts itself."""
    refuse_unknown(config, "model", KEYS)
    weights = Weights(tensors, name)
    sizes, channels = roformer.read_sizes(weights, config), roformer.read_channels(config)
    rate = config.integer("model.sample_rate", 44100)
    if (said := config.integer("audio.sample_rate", rate)) != rate:
        raise ModelFileError(f"{config.name} says model.sample_rate: {rate}, but audio.sample_rate: {said}.")
    bins, number = roformer.read_window(config) // 2 + 1, len(roformer.band_widths(weights))
    agree(weights, config, "model.num_bands", number, "band_split.to_features")
    expected = [2 * channels * len(band) for band in mel_bands(rate, bins, number)]
    roformer.check_widths(weights, expected, config, "model.stft_n_fft with model.sample_rate and model.stereo")
    network = mel_band_roformer(
        channels=2 * channels,
        bins=bins,
        sources=roformer.count_sources(weights, config),
        sample_rate=rate,
        bands=number,
        sizes=sizes,
    )
    roformer.load(network, weights)
    return roformer.published(network, FAMILY, weights, config, channels=channels, sample_rate=rate)
