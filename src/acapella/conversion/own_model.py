"""A network that is not part of Acapella, MODEL=package.module:Class: the class, and what it says about itself.

A subclass of `networks.Network` is made for the shape of spectrograms, `Class(shape, **MODEL_PARAMS)`. Any other module
takes chunks, and has a static method `describe(settings)` that returns the description of its model; it is made by
`Class(description, **MODEL_PARAMS)`. What is wrong raises a SettingsError.
"""

from typing import Any, TypeVar

from pydantic import ValidationError
from torch import nn

from acapella.errors import AcapellaError, SettingsError, quoted, shortened
from acapella.models.description import ModelDescription, Origin, first_wrong_field
from acapella.models.schedules import Chunks
from acapella.networks import Network
from acapella.registry import import_own
from acapella.settings import Settings

LEAST = {"stride": 1, "context": 0}  # frames
Kind = TypeVar("Kind", bound=nn.Module)


def own_class(settings: Settings) -> type[nn.Module]:
    """The class that MODEL names."""
    kind = import_own(settings.model, "MODEL")
    if not (isinstance(kind, type) and issubclass(kind, nn.Module)):
        raise _wrong(settings, "it is no class that is derived from torch.nn.Module.")
    if not issubclass(kind, Network) and not callable(getattr(kind, "describe", None)):
        raise _wrong(
            settings,
            "it is neither derived from acapella.networks.Network, for spectrograms, nor has it a static method "
            "describe(settings), for chunks.",
        )
    return kind


def make(kind: type[Kind], size: object, settings: Settings) -> Kind:
    """The network, freshly initialized, for a `size`, the shape of spectrograms or a description."""
    params = settings.model_params.model_dump()
    try:
        return kind(size, **params)
    except Exception as error:
        raise _wrong(settings, f"it cannot be made with MODEL_PARAMS={quoted(params)}: {reason(error)}.") from error


def check_context(network: Network, settings: Settings) -> Network:
    """The network itself, if its stride and its context are numbers of frames."""
    for name, least in LEAST.items():
        frames = getattr(network, name, None)
        if type(frames) is not int or frames < least:
            raise _wrong(settings, f"its {name} must be a whole number of frames, at least {least}, not {frames!r}.")
    return network


def describe(kind: Any, settings: Settings) -> ModelDescription:
    """The description of the model of a network that takes chunks; its origin is MODEL."""
    try:
        description = kind.describe(settings)
    except ValidationError as error:
        raise _wrong(settings, f"its description is wrong: {first_wrong_field(error)}.") from error
    except Exception as error:
        raise _wrong(settings, f"describe fails: {reason(error)}.") from error
    if not isinstance(description, ModelDescription) or not isinstance(description.schedule, Chunks):
        raise _wrong(settings, "describe(settings) must return a ModelDescription with the schedule Chunks.")
    return description.model_copy(update={"origin": Origin(family=settings.model)})


def reason(error: Exception) -> str:
    """What went wrong in code that is not ours: the kind of error and its first line."""
    text = next(filter(None, map(str.strip, str(error).splitlines())), "").rstrip(".")
    return shortened(text if isinstance(error, AcapellaError) else f"{type(error).__name__}: {text}")


def _wrong(settings: Settings, what: str) -> SettingsError:
    return SettingsError(f"MODEL={quoted(settings.model)}: {what}", "MODEL")
