"""The network that WEIGHTS names: a model file, or weights that are run in torch."""

from pathlib import Path
from typing import TYPE_CHECKING

from acapella.errors import MissingExtraError, ModelFileError, quoted

if TYPE_CHECKING:
    from rich.console import Console

    from acapella.isolation.model import Model
    from acapella.settings import Settings


def open_weights(settings: "Settings", console: "Console") -> "Model":
    """The network of WEIGHTS: the model file beside the weights unless these are newer.

    The bundled model, where WEIGHTS is as it is by default and there is no such file; else that is an error.
    """
    from acapella.experiments.run_folder import find_weights
    from acapella.isolation.model import open_model
    from acapella.models.model_file import find_model
    from acapella.settings.options import DEFAULT_WEIGHTS

    weights = find_weights(settings.weights, settings.log_base)
    if weights is None and str(settings.weights) != str(Path(DEFAULT_WEIGHTS)):
        raise ModelFileError(
            f"There is no file WEIGHTS={quoted(str(settings.weights))}: train first, correct it, or unset it for the "
            "bundled model."
        )
    if weights is None:
        console.print(f"There is no file WEIGHTS={str(settings.weights)!r}: the bundled model is used.")
        return open_model(find_model(None))
    console.print(f"Network: {weights}")
    file = weights.with_suffix(".onnx")
    if not file.is_file() or file.stat().st_mtime_ns < weights.stat().st_mtime_ns:
        return _open_in_torch(weights, settings)
    model = open_model(file)
    warn_where_front_ends_differ(model, settings, console)
    return model


def warn_where_front_ends_differ(model: "Model", settings: "Settings", console: "Console") -> None:
    """The front end in a model file beats the environment; say so where they differ."""
    from acapella.models.chunk_models import CHUNK_MODELS, describe_chunk_model
    from acapella.models.description import sources_of
    from acapella.models.front_ends import SpectralFrontEnd

    if settings.fine_tune:  # which decides itself
        return
    in_chunks = settings.model in CHUNK_MODELS
    front_end = describe_chunk_model(settings).front_end if in_chunks else SpectralFrontEnd.from_settings(settings)
    stored, asked = model.description.front_end.model_dump(), front_end.model_dump()
    stored["sources"], asked["sources"] = model.description.sources, sources_of(settings)[0]
    differing = [f"{name} {stored[name]} (not {asked[name]})" for name in stored if stored[name] != asked.get(name)]
    if differing:
        console.print(f"Warning: the model file was trained with {', '.join(differing)}, and that is used.")


def _open_in_torch(weights: Path, settings: "Settings") -> "Model":
    try:
        from acapella.conversion.torch_runtime import load_in_torch
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"{weights} holds weights without a model file and", "train") from error
    return load_in_torch(weights, settings)
