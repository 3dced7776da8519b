"""The model that settings describe, with fresh weights or those of the checkpoint that is to be fine-tuned."""

from acapella.conversion.convert import read_checkpoint
from acapella.conversion.torch_model import TorchModel
from acapella.errors import SettingsError
from acapella.models.chunk_models import CHUNK_MODELS, describe_chunk_model
from acapella.models.description import ModelDescription, Origin, sources_of
from acapella.models.front_ends import SpectralFrontEnd
from acapella.models.schedules import Context
from acapella.networks import NETWORKS, build_network
from acapella.networks.chunk_networks import CHUNK_NETWORKS
from acapella.registry import choose
from acapella.settings import Settings
from acapella.settings.option_types import ModelParams


def new_model(settings: Settings) -> TorchModel:
    """The network of MODEL and its description, whose schedule is `Context` where the network takes no chunks.

    A SettingsError for settings that do not go together, a ModelFileError for a checkpoint that cannot be read.
    """
    if settings.fine_tune:
        return _published(settings)
    if settings.model in CHUNK_MODELS:
        description = describe_chunk_model(settings)
        return TorchModel(CHUNK_NETWORKS[settings.model](description, settings.model_params), description)
    choose({**NETWORKS, **CHUNK_NETWORKS}, settings.model, "MODEL")
    return _of_spectrograms(settings)


def _of_spectrograms(settings: Settings) -> TorchModel:
    front_end = SpectralFrontEnd.from_settings(settings)
    (source, *others), residual = sources_of(settings)
    if others:
        raise SettingsError(f"MODEL={settings.model!r} predicts one source: SOURCES cannot name more.")
    assert isinstance(settings.model_params, ModelParams)
    network = build_network(
        settings.model, front_end.tensor_channels, front_end.bins, settings.model_params, signed=front_end.signed
    )
    description = ModelDescription(
        front_end=front_end,
        schedule=Context(context=network.context, stride=network.stride),
        sources=(source,),
        residual=residual,
        origin=Origin(family=settings.model),
    )
    return TorchModel(network, description)


def _published(settings: Settings) -> TorchModel:
    """The checkpoint FINE_TUNE, which must be of the family MODEL."""
    assert settings.fine_tune
    model = read_checkpoint(settings.fine_tune)
    family = model.description.origin.family
    if family != settings.model:
        raise SettingsError(f"FINE_TUNE={str(settings.fine_tune)!r} is of the family {family}: set MODEL={family}.")
    return model
