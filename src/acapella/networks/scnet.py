"""SCNet: bands of the spectrum, compressed the more the higher they are, around layers of recurrence.

Source: W. Tong et al., "SCNet: sparse compression network for music source separation", ICASSP 2024.
"""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from acapella.networks.scnet_layers import Band, DownBlock, DualPathNetwork, FusionLayer, UpLayer, band_sizes

BANDS = (Band(0.175, 3, 1, 3), Band(0.392, 4, 4, 2), Band(0.433, 16, 16, 1))  # from low to high


class SCNet(nn.Module):
    """Predicts the spectra of all sources from that of the mixture.

    The modules bear the names that the published checkpoints give them.

    Parameters
    ----------
    sources, audio_channels: how many there are
    bins: of the spectrum
    widths: channels behind each layer of the encoder
    bands: from low to high; their shares sum to one
    kernel, compression: of the residual branches, and how many times fewer channels they have
    dual_layers, expansion: layers of recurrence, an even number, and their features for one of their input
    """

    def __init__(
        self,
        sources: int = 4,
        *,
        audio_channels: int = 2,
        bins: int = 2049,
        widths: Sequence[int] = (32, 64, 128),
        bands: Sequence[Band] = BANDS,
        kernel: int = 3,
        compression: int = 4,
        dual_layers: int = 6,
        expansion: int = 1,
    ) -> None:
        super().__init__()
        self.sources, self.bins = sources, bins
        parts = 2 * audio_channels
        sizes = []  # bins of each band, for each layer
        for _ in widths:
            sizes.append(band_sizes(bins, bands))
            bins = sum(band.compressed(size) for band, size in zip(bands, sizes[-1], strict=True))
        encoder = zip(pairwise([parts, *widths]), sizes, strict=True)
        self.encoder = nn.ModuleList(
            DownBlock(inputs, outputs, bands, bins_of, kernel, compression) for (inputs, outputs), bins_of in encoder
        )
        decoder = zip(pairwise([parts * sources, *widths]), sizes, strict=True)
        layers = [
            nn.Sequential(FusionLayer(inputs), UpLayer(inputs, outputs, bands, bins_of))
            for (outputs, inputs), bins_of in decoder
        ]
        self.decoder = nn.ModuleList(layers[::-1])
        self.separation_net = DualPathNetwork(widths[-1], dual_layers, expansion)

    def forward(self, mixture: Tensor) -> Tensor:
        """Spectra of the sources, real and imaginary parts in turn.

        Axes: b batch, c audio channels, n sources, f bins, t frames, an even number.

        Shape:
            - mixture: (b, c * 2, f, t)
            - returns: (b, n * c * 2, f, t)
        """
        values: Tensor = mixture
        skips = []
        for layer in self.encoder:
            values, skip = layer(values)
            skips.append(skip)
        values = self.separation_net(values)
        for layer in self.decoder:
            values = layer(values + skips.pop())
        return values
