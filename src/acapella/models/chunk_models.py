"""The models of networks that take chunks, by the name that MODEL gives them, as settings describe them.

A chunk is CHOPPARAMS' `scale` hops long, in training and in the model file alike. Its network is in
`networks.chunk_networks`.
"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from pydantic import ValidationError

from acapella.errors import SettingsError
from acapella.models.description import ModelDescription, Origin, Output, sources_of
from acapella.models.front_ends import FrontEnd, HybridFrontEnd, SpectralFrontEnd
from acapella.models.schedules import Chunks
from acapella.settings import Settings
from acapella.settings.model_params import MDX23CParams

FADE = 10  # a chunk's crossfade is this part of it


class ChunkModel(NamedTuple):
    """What settings make of a kind of network: its front end, its kind of output, and the rest of its schedule."""

    front_end: Callable[[Settings], FrontEnd]
    output: Literal["mask", "spectrum", "hybrid"]
    schedule: Callable[[int, int], dict[str, Any]]  # of length and hop


def describe_chunk_model(settings: Settings) -> ModelDescription:
    """The description of the model that MODEL names; a SettingsError for settings that do not go with it."""
    kind = CHUNK_MODELS[settings.model]
    if settings.representation_name != "ri":
        raise SettingsError(f"MODEL={settings.model!r} takes real and imaginary parts: set LEARN_PHASE=True.")
    front_end = kind.front_end(settings)
    hop = settings.fft // 4
    length = settings.chopparams.scale * hop
    if length <= settings.fft:
        raise SettingsError(f"CHOPPARAMS: with MODEL={settings.model!r} scale must be more than 4, a window.")
    sources, residual = sources_of(settings)
    try:
        return ModelDescription(
            front_end=front_end,
            schedule=Chunks(length=length, **kind.schedule(length, hop)),
            sources=sources,
            residual=residual,
            output=Output(kind=kind.output),
            origin=Origin(family=settings.model),
        )
    except ValidationError as error:
        details = error.errors()[0]
        what = "SOURCES" if "sources" in details["loc"] else f"CHOPPARAMS scale={settings.chopparams.scale}"
        reason = details["msg"].removeprefix("Value error, ")
        raise SettingsError(f"{what} with MODEL={settings.model!r}: {reason}.") from None


def _all_bins(settings: Settings) -> SpectralFrontEnd:
    _refuse_bins(settings)
    return SpectralFrontEnd.from_settings(settings, above="silence", normalizer="dummy")


def _hybrid(settings: Settings) -> HybridFrontEnd:
    _refuse_bins(settings)
    return HybridFrontEnd.from_settings(settings)


def _refuse_bins(settings: Settings) -> None:
    if settings.bins:
        raise SettingsError(f"BINS={settings.bins} does not go with MODEL={settings.model!r}, which takes all bins.")


def _divisible_bins(settings: Settings) -> SpectralFrontEnd:
    """As many of the bins as an MDX23C can divide."""
    params = settings.model_params
    assert isinstance(params, MDX23CParams)
    divisor = params.subbands << params.depth
    bins = settings.bins or (settings.fft // 2 + 1) // divisor * divisor
    if bins < divisor * params.bottleneck or bins % divisor:
        raise SettingsError(
            f"MODEL_PARAMS: {params.subbands} subbands, {params.depth} times halved, need a multiple of {divisor} "
            f"bins, {divisor * params.bottleneck} or more; FFT={settings.fft} and BINS={settings.bins} give {bins}."
        )
    return SpectralFrontEnd.from_settings(settings, above="silence", normalizer="dummy", bins=bins)


def _rectangular(settings: Settings) -> SpectralFrontEnd:
    fixed: dict[str, Any] = {"above": "silence", "normalizer": "dummy", "window": "rectangular", "normalized": True}
    return SpectralFrontEnd.from_settings(settings, **fixed)


def _halves(length: int, hop: int) -> dict[str, Any]:
    """Each sample is in two chunks."""
    step = length // 2
    return {"step": step, "window": "linear", "fade": length // FADE, "border": length - step}


def _even_frames(length: int, hop: int) -> dict[str, Any]:
    """The same, with so much silence behind each chunk that the number of its frames, one more than hops, is even."""
    return {**_halves(length, hop), "padding": hop * (1 - length // hop % 2)}


def _three_quarters(length: int, hop: int) -> dict[str, Any]:
    """As Demucs has them."""
    return {"step": 3 * length // 4, "window": "triangular", "edges": "zeros", "tail": "centred"}


CHUNK_MODELS = {
    "mel_band_roformer": ChunkModel(_all_bins, "mask", _halves),
    "bs_roformer": ChunkModel(_all_bins, "mask", _halves),
    "htdemucs": ChunkModel(_hybrid, "hybrid", _three_quarters),
    "mdx23c": ChunkModel(_divisible_bins, "spectrum", _halves),
    "scnet": ChunkModel(_rectangular, "spectrum", _even_frames),
}
