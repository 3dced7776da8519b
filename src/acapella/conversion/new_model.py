"""The model that settings describe, with fresh weights or those of the checkpoint that is to be fine-tuned."""

from collections.abc import Callable

from acapella.conversion.convert import read_checkpoint
from acapella.conversion.own_model import check_context, describe, make, own_class
from acapella.conversion.torch_model import TorchModel
from acapella.errors import SettingsError
from acapella.models.chunk_models import CHUNK_MODELS, describe_chunk_model
from acapella.models.description import ModelDescription, Origin, sources_of
from acapella.models.front_ends import SpectralFrontEnd
from acapella.models.schedules import Context
from acapella.networks import NETWORKS, Network, TensorShape
from acapella.networks.chunk_networks import CHUNK_NETWORKS
from acapella.registry import choose, is_own
from acapella.settings import Settings
from acapella.settings.option_types import ModelParams


def new_model(settings: Settings) -> TorchModel:
    """The network of MODEL and its description, whose schedule is `Context` where the network takes no chunks.

    A SettingsError for settings that do not go together, a ModelFileError for a checkpoint that cannot be read.
    """
    if settings.fine_tune:
        return _published(settings)
    if is_own(settings.model):
        return _own(settings)
    if settings.model in CHUNK_MODELS:
        description = describe_chunk_model(settings)
        return TorchModel(CHUNK_NETWORKS[settings.model](description, settings.model_params), description)
    choose({**NETWORKS, **CHUNK_NETWORKS}, settings.model, "MODEL")
    params = settings.model_params
    assert isinstance(params, ModelParams)
    return _of_spectrograms(settings, lambda shape: NETWORKS[settings.model](shape, params))


def _own(settings: Settings) -> TorchModel:
    """A network that is not part of Acapella."""
    kind = own_class(settings)
    if issubclass(kind, Network):
        return _of_spectrograms(settings, lambda shape: check_context(make(kind, shape, settings), settings))
    description = describe(kind, settings)
    return TorchModel(make(kind, description, settings), description)


def _of_spectrograms(settings: Settings, build: Callable[[TensorShape], Network]) -> TorchModel:
    front_end = SpectralFrontEnd.from_settings(settings)
    (source, *others), residual = sources_of(settings)
    if others:
        raise SettingsError(f"MODEL={settings.model!r} predicts one source: SOURCES cannot name more.")
    network = build(TensorShape(front_end.tensor_channels, front_end.bins, front_end.signed))
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
