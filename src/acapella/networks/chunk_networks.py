"""Networks that take chunks, with fresh weights, by the name that MODEL gives them; sizes are MODEL_PARAMS.

What a chunk is, and how many sources there are, the description says (`models.chunk_models`).
"""

from collections.abc import Callable

from torch import nn

from acapella.errors import SettingsError
from acapella.models.description import ModelDescription
from acapella.models.front_ends import HybridFrontEnd, SpectralFrontEnd
from acapella.models.schedules import Chunks
from acapella.networks.bs_roformer import bs_roformer
from acapella.networks.htdemucs import HTDemucs
from acapella.networks.htdemucs_transformer import TransformerSizes
from acapella.networks.mdx23c import MDX23C
from acapella.networks.mel_band_roformer import mel_bands
from acapella.networks.roformer import RoFormer, Sizes
from acapella.networks.scnet import SCNet
from acapella.settings.model_params import BSRoFormerParams, HTDemucsParams, MelBandRoFormerParams
from acapella.settings.option_types import Params


def _mel_band_roformer(description: ModelDescription, params: Params) -> nn.Module:
    front_end = _spectral(description)
    assert isinstance(params, MelBandRoFormerParams)
    bands = mel_bands(front_end.sample_rate, front_end.bins, params.bands)
    if not all(bands):
        raise SettingsError(
            f"MODEL_PARAMS: bands={params.bands} are too many for FFT={front_end.window_length}: some hold no bin."
        )
    sizes = Sizes(**params.model_dump(exclude={"bands"}))
    return RoFormer(bands, channels=front_end.tensor_channels, sources=len(description.sources), sizes=sizes)


def _bs_roformer(description: ModelDescription, params: Params) -> nn.Module:
    front_end = _spectral(description)
    assert isinstance(params, BSRoFormerParams)
    if sum(params.widths) != front_end.bins:
        raise SettingsError(
            f"MODEL_PARAMS: the widths sum to {sum(params.widths)} bins, but FFT={front_end.window_length} has "
            f"{front_end.bins}."
        )
    sizes = Sizes(**params.model_dump(exclude={"widths"}), block_norm=False, final_norm=True)
    channels, sources = front_end.tensor_channels, len(description.sources)
    return bs_roformer(channels=channels, sources=sources, widths=params.widths, sizes=sizes)


def _htdemucs(description: ModelDescription, params: Params) -> nn.Module:
    front_end, schedule = description.front_end, description.schedule
    assert isinstance(front_end, HybridFrontEnd)
    assert isinstance(schedule, Chunks)
    assert isinstance(params, HTDemucsParams)
    transformer = {"layers", "heads", "expansion"}
    return HTDemucs(
        len(description.sources),
        audio_channels=front_end.channels,
        samples=schedule.length,
        window_length=front_end.window_length,
        **params.model_dump(exclude=transformer),
        transformer=TransformerSizes(**params.model_dump(include=transformer)),
    )


def _mdx23c(description: ModelDescription, params: Params) -> nn.Module:
    front_end = _spectral(description)
    channels, sources = front_end.tensor_channels, len(description.sources)
    return MDX23C(channels=channels, bins=front_end.bins, sources=sources, **params.model_dump())


def _scnet(description: ModelDescription, params: Params) -> nn.Module:
    front_end = _spectral(description)
    sizes = params.model_dump()
    return SCNet(len(description.sources), audio_channels=front_end.channels, bins=front_end.bins, **sizes)


def _spectral(description: ModelDescription) -> SpectralFrontEnd:
    assert isinstance(description.front_end, SpectralFrontEnd)
    return description.front_end


CHUNK_NETWORKS: dict[str, Callable[[ModelDescription, Params], nn.Module]] = {
    "mel_band_roformer": _mel_band_roformer,
    "bs_roformer": _bs_roformer,
    "htdemucs": _htdemucs,
    "mdx23c": _mdx23c,
    "scnet": _scnet,
}
