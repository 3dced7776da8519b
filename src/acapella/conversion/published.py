"""The description of a published checkpoint's model, as its YAML file says it."""

from collections.abc import Mapping
from typing import Any

from acapella.conversion.training_config import TrainingConfig
from acapella.errors import ModelFileError
from acapella.models.description import INSTRUMENTAL, RESIDUAL, VOCAL, ModelDescription

FADE = 10  # a chunk's crossfade is this part of it
VOCALS = ("vocals", "vocal", "voice")
REST = ("other", "instrumental", "instrum", "accompaniment")


def spectral_front_end(
    *, sample_rate: int, channels: int, window_length: int, hop: int, normalized: bool, bins: int
) -> dict[str, Any]:
    """A front end of real and imaginary parts, silent above the `bins`."""
    return {
        "kind": "spectral",
        "sample_rate": sample_rate,
        "channels": channels,
        "window_length": window_length,
        "hop": hop,
        "normalized": normalized,
        "bins": bins,
        "above": "silence",
        "representation": "ri",
    }


def describe(
    config: TrainingConfig,
    family: str,
    name: str,
    front_end: Mapping[str, Any],
    *,
    sources: int,
    output: str,
    tensor: str,
    schedule: Mapping[str, Any] | None = None,
) -> ModelDescription:
    """The description of the checkpoint `name` with its YAML file `config`.

    Parameters
    ----------
    family, output: of the networks, and the kind of their output
    front_end: without its normalizer, which the YAML file says
    sources, tensor: how many sources there are, by that tensor
    schedule: where it is not the one of the YAML file
    """
    names, residual = stems(config, sources, tensor)
    values = {
        "front_end": {**front_end, "normalizer": "standard" if config.is_on("inference.normalize") else "dummy"},
        "schedule": schedule or chunk_schedule(config),
        "sources": names,
        "residual": residual,
        "output": {"kind": output},
        "origin": {"family": family, "checkpoint": name},
    }
    return ModelDescription.validated(values, config.name)


def chunk_schedule(config: TrainingConfig) -> dict[str, Any]:
    """Chunks as a YAML file asks for them, joined as Music-Source-Separation-Training does it."""
    length = config.integer("inference.chunk_size", config.integer("audio.chunk_size"))
    overlap = config.integer("inference.num_overlap", 2)
    if overlap > length:
        raise ModelFileError(f"{config.name}: inference.num_overlap is larger than a chunk, {overlap} of {length}.")
    step = length // overlap
    return {
        "kind": "chunks",
        "length": length,
        "step": step,
        "window": "linear",
        "fade": length // FADE,
        "border": length - step,
        "edges": "reflect",
        "tail": "reflect",
    }


def stems(config: TrainingConfig, number: int, tensor: str) -> tuple[tuple[str, ...], str | None]:
    """Names of the `number` sources that a network predicts, by its `tensor`, and of the residual if there is one."""
    instruments = config.texts("training.instruments")
    key, names = "instruments", instruments
    if config.has("training.target_instrument"):
        key, names = "target_instrument", (config.text("training.target_instrument"),)
    if len(names) != number:
        said = f"{config.name} says training.{key}: {', '.join(names)}"
        raise ModelFileError(f"{said}, but the tensor {tensor} of the checkpoint says {number} sources.")
    return _in_our_words(names, tuple(name for name in instruments if name not in names))


def _in_our_words(names: tuple[str, ...], rest: tuple[str, ...]) -> tuple[tuple[str, ...], str | None]:
    """What is left beside the vocals alone, or what the vocals alone are left beside, is the instrumental.

    What several sources leave is the residual: with it all stems sum to the mixture.
    """
    ours = tuple(VOCAL if name.lower() in VOCALS else name.lower() for name in names)
    if ours == (VOCAL,):
        return ours, INSTRUMENTAL
    if len(ours) > 1:
        return ours, RESIDUAL
    if len(rest) != 1:
        return ours, None
    if rest[0].lower() in VOCALS:
        return ((INSTRUMENTAL,) if ours[0] in REST else ours), VOCAL
    return ours, rest[0].lower()
