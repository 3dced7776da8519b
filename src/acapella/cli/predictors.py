"""The network that WEIGHTS names: only here do model files and Keras' weights meet."""

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from acapella.errors import MissingExtraError

if TYPE_CHECKING:
    from acapella.isolation.predictor import Predictor
    from acapella.settings import Settings


def open_predictor(settings: "Settings", console: Console) -> "Predictor":
    """The network of WEIGHTS: the model file beside the weights unless these are newer; else the bundled model."""
    from acapella.experiments.run_folder import find_weights
    from acapella.isolation.predictor import OnnxPredictor
    from acapella.models.model_file import find_model

    weights = find_weights(settings.weights, settings.log_base)
    if weights is None:
        console.print(f"There is no file WEIGHTS={str(settings.weights)!r}: the bundled model is used.")
        return OnnxPredictor(find_model(None))
    console.print(f"Network: {weights}")
    model = weights.with_suffix(".onnx")
    if not model.is_file() or model.stat().st_mtime_ns < weights.stat().st_mtime_ns:
        return _torch_predictor(weights, settings)
    predictor = OnnxPredictor(model)
    warn_where_codecs_differ(predictor, settings, console)
    return predictor


def warn_where_codecs_differ(predictor: "Predictor", settings: "Settings", console: Console) -> None:
    """The codec in a model file beats the environment; say so where they differ."""
    from dataclasses import asdict

    from acapella.models.front_ends import SpectralFrontEnd

    stored, asked = asdict(predictor.card.codec), asdict(SpectralFrontEnd.from_settings(settings))
    differing = [f"{name} {stored[name]} (not {asked[name]})" for name in stored if stored[name] != asked[name]]
    if differing:
        console.print(f"Warning: the model file was trained with {', '.join(differing)}, and that is used.")


def _torch_predictor(weights: Path, settings: "Settings") -> "Predictor":
    try:
        from acapella.conversion.torch_predictor import TorchPredictor
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"{weights} is of Keras' kind and", "train") from error
    return TorchPredictor.load(weights, settings)
