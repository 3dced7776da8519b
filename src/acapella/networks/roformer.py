"""What Mel-Band RoFormer and BS-RoFormer share: transformers over time and over bands, and a complex mask."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from acapella.networks.bands import Bands, BandSplit, MaskEstimator
from acapella.networks.fusible import RMSNorm
from acapella.networks.transformer import RotaryEmbedding, Table, Transformer


@dataclass(frozen=True)
class Sizes:
    """Sizes of a RoFormer.

    Parameters
    ----------
    features, depth: of a band, and how many blocks of transformers there are
    heads, head_features: of each attention
    time_depth, band_depth, covariance_depth: layers of a block's transformers along the time, along the bands, and of
        covariances (0: none)
    mask_layers, mask_hidden: linear layers that make a band's mask, and the features between them
    block_norm, final_norm: whether each transformer ends with a norm, and whether the last block is followed by one
    skip_connection: whether a block sees the sum of what all blocks before it gave
    silent_bins: lowest bins where all masks are zero
    dropout: while training
    """

    features: int = 384
    depth: int = 6
    heads: int = 8
    head_features: int = 64
    time_depth: int = 1
    band_depth: int = 1
    covariance_depth: int = 0
    mask_layers: int = 3
    mask_hidden: int = 1536
    block_norm: bool = True
    final_norm: bool = False
    skip_connection: bool = False
    silent_bins: int = 1
    dropout: float = 0.0


class RoFormer(nn.Module):
    """Predicts complex masks of `sources` from a spectrum's real and imaginary parts.

    `bands` are the bins of each band; all bins lie in some band. A mask times the mixture (as complex numbers) is the
    source. All frames see each other: a song is cut into chunks.
    """

    stride = 1

    def __init__(self, bands: Bands, *, channels: int, sources: int, sizes: Sizes) -> None:
        super().__init__()
        self.bins = 1 + max(max(band) for band in bands)
        self.sizes = sizes
        self.split = BandSplit(bands, channels, sizes.features)
        self.time_rotation = RotaryEmbedding(sizes.head_features)
        self.bands_rotation = RotaryEmbedding(sizes.head_features)
        self.blocks = nn.ModuleList(_Block(sizes) for _ in range(sizes.depth))
        self.norm = RMSNorm(sizes.features) if sizes.final_norm else nn.Identity()
        self.masks = nn.ModuleList(
            MaskEstimator(
                bands,
                channels,
                features=sizes.features,
                hidden=sizes.mask_hidden,
                layers=sizes.mask_layers,
                silent_bins=sizes.silent_bins,
            )
            for _ in range(sources)
        )

    def forward(self, mixture: Tensor) -> Tensor:
        """(batch, channels, bins, time) to masks (batch, sources * channels, bins, time), of any time.

        Channels are the real and the imaginary part of each channel of the audio in turn.
        b batch, f bands, t time, d features
        """
        values = self.split(mixture)  # b f t d
        tables = self.time_rotation.table(values.shape[2]), self.bands_rotation.table(values.shape[1])
        before: Tensor | None = None
        for block in self.blocks:
            values = block(values, *tables, before)
            if self.sizes.skip_connection:
                before = values if before is None else before + values
        values = self.norm(values)
        return torch.cat([mask(values) for mask in self.masks], dim=1)


class _Block(nn.Module):
    """Transformers along the time and along the bands, after one of covariances where there is one."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()

        def transformer(depth: int, *, covariance: bool = False) -> Transformer:
            return Transformer(
                sizes.features,
                depth=depth,
                heads=sizes.heads,
                head_features=sizes.head_features,
                covariance=covariance,
                normed=sizes.block_norm,
                dropout=sizes.dropout,
            )

        self.covariance = transformer(sizes.covariance_depth, covariance=True) if sizes.covariance_depth else None
        self.time = transformer(sizes.time_depth)
        self.bands = transformer(sizes.band_depth)

    def forward(self, values: Tensor, time_table: Table, band_table: Table, before: Tensor | None) -> Tensor:
        """(batch, bands, time, features) to the same shape; `before`: the sum of what blocks before gave, if it counts.

        b batch, f bands, t time, d features
        """
        batch, bands, time = values.shape[:3]
        if self.covariance is not None:
            values = self.covariance(values.flatten(1, 2)).unflatten(1, (bands, time))
        if before is not None:
            values = values + before
        values = self.time(values.flatten(0, 1), time_table).unflatten(0, (batch, bands))
        across = values.transpose(1, 2).flatten(0, 1)  # (b t) f d
        result: Tensor = self.bands(across, band_table).unflatten(0, (batch, time)).transpose(1, 2)
        return result
