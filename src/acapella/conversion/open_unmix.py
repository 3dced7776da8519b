"""Published checkpoints of Open-Unmix: a .pth for each source, `vocals-b62c91ce.pth`, say.

Open-Unmix runs over whole songs, without padding at their ends; here it runs over long chunks that are crossfaded. The
gains are applied to the mixture's spectrum, whose phase the source is given. The Wiener filter of Open-Unmix shares
the mixture out among several sources; of a single one there is nothing to share.
"""

from collections.abc import Mapping
from pathlib import PurePath

from torch import Tensor

from acapella.conversion.published import VOCALS
from acapella.conversion.torch_files import Shapes, TorchFile
from acapella.conversion.torch_model import TorchModel
from acapella.conversion.training_config import TrainingConfig
from acapella.conversion.weights import Weights
from acapella.errors import ModelFileError
from acapella.models.description import INSTRUMENTAL, VOCAL, ModelDescription
from acapella.networks.open_unmix import OpenUnmix

FAMILY = "open_unmix"
SOURCES = ("vocals", "drums", "bass", "other")  # by the beginning of the file's name
FIRST, LAST, IN, OUT = "fc1.weight", "fc3.weight", "input_mean", "output_mean"
LSTM, REVERSE = "lstm.weight_hh_l0", "lstm.weight_hh_l0_reverse"
SECONDS, CROSSFADE = 30, 5  # of a chunk
WITHOUT_EFFECT = ("stft.window", "transform.0.window", "sample_rate")


def matches(shapes: Shapes) -> bool:
    """Whether a checkpoint with such tensors is of Open-Unmix."""
    return all(name in shapes for name in (FIRST, "bn1.running_mean", LSTM, LAST, IN, OUT))


def stored_config(file: TorchFile) -> TrainingConfig:
    """Nothing: the tensors say all."""
    return TrainingConfig({}, file.name)


def read(tensors: Mapping[str, Tensor], config: TrainingConfig, name: str) -> TorchModel:
    """The network of the checkpoint `name`; ModelFileError for what is not known or contradicts itself.

    A YAML file is not needed; where there is one, it may give `audio.sample_rate` and `audio.hop_length`.
    """
    source = next((source for source in SOURCES if PurePath(name).name.lower().startswith(source)), None)
    if source is None:
        raise ModelFileError(f"{name}: an Open-Unmix whose file is named after none of {', '.join(SOURCES)}.")
    weights = Weights({key: tensor for key, tensor in tensors.items() if key not in WITHOUT_EFFECT}, name)
    network = _network(weights)
    weights.load_by_name(network)
    rate = int(tensors["sample_rate"]) if "sample_rate" in tensors else 44100
    return TorchModel(network, _describe(network, config, source, name, rate))


def _network(weights: Weights) -> OpenUnmix:
    """Of the sizes that the tensors have."""
    hidden, inputs = weights.shape(FIRST, 2)
    (seen,), (bins,) = weights.shape(IN, 1), weights.shape(OUT, 1)
    channels, rest = divmod(inputs, seen)
    if rest or channels not in (1, 2):
        raise ModelFileError(f"{weights.name}: {FIRST} has {inputs} columns, which {IN} says are for {seen} bins each.")
    if seen > bins:
        raise ModelFileError(f"{weights.name}: {IN} has {seen} bins, but {OUT} has {bins}.")
    return OpenUnmix(
        audio_channels=channels,
        bins=bins,
        seen_bins=seen,
        hidden=hidden,
        layers=weights.count("lstm.weight_hh_l{}"),
        bidirectional=REVERSE in weights,
    )


def _describe(network: OpenUnmix, config: TrainingConfig, source: str, name: str, rate: int) -> ModelDescription:
    rate, window_length = config.integer("audio.sample_rate", rate), 2 * (network.bins - 1)
    crossfade, vocal = CROSSFADE * rate, source in VOCALS
    values = {
        "front_end": {
            "kind": "spectral",
            "sample_rate": rate,
            "channels": network.audio_channels,
            "window_length": window_length,
            "hop": config.integer("audio.hop_length", max(1, window_length // 4)),
            "bins": network.bins,
            "representation": "amplitude",
        },
        "schedule": {
            "kind": "chunks",
            "length": SECONDS * rate,
            "step": SECONDS * rate - crossfade,
            "window": "linear",
            "fade": crossfade,
        },
        "sources": (VOCAL if vocal else source,),
        "residual": INSTRUMENTAL if vocal else None,
        "output": {"kind": "mask"},
        "origin": {"family": FAMILY, "checkpoint": name},
    }
    return ModelDescription.validated(values, name)
