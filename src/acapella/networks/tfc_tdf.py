"""A U-Net of blocks that convolve in time and frequency (TFC) and connect all frequencies (TDF)."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from acapella.errors import SettingsError
from acapella.networks.level import LEVEL_CONTEXT, level
from acapella.networks.network import Network

WIDTHS = (32, 64, 96, 128)  # channels at each size
PATCH = (4, 2)  # bins and frames that become one value of the coarser grid
BOTTLENECK = 8  # bands for one number of what connects them
DETAIL = 16  # channels of full size, in front of the mask
TINY = 1e-6  # amplitude


class TFCTDF(Network):
    """Predicts the target as a mask times the mixture.

    Of amplitudes the mask is between 0 and 1. Of real and imaginary parts (`signed`) it is complex, either part between
    -1 and 1, so that the phase is learnt as well. The network sees the mixture's square root, of the amplitudes too,
    at a level of one. All layers are normalized by batches. `bins` is the only freq that it takes.

    Sources: W. Choi et al., "Investigating U-Nets with various intermediate blocks for spectrogram-based singing voice
    separation", ISMIR 2020; for the complex mask D. Williamson et al., "Complex ratio masking for monaural speech
    separation", IEEE/ACM TASLP 24(3), 2016.
    """

    stride = PATCH[1] << len(WIDTHS) - 1
    # At the coarsest size two convolutions see a neighbour on either side, at each other size four; and a frame may lie
    # anywhere in the stride that becomes one value.
    context = LEVEL_CONTEXT + 2 * stride + 4 * (stride - PATCH[1]) + stride
    level_invariant = True

    def __init__(self, channels: int, bins: int, *, signed: bool) -> None:
        super().__init__()
        self.bins = bins
        self.signed = signed
        self._padded = bins + -bins % (PATCH[0] << len(WIDTHS) - 1)
        bands = [self._padded // PATCH[0] >> depth for depth in range(len(WIDTHS))]
        seen = channels + channels // 2 if signed else channels
        self.patch = _normalized(nn.Conv2d(seen, WIDTHS[0], PATCH, PATCH, bias=False))
        sizes = list(zip(WIDTHS, bands, strict=True))
        self.encoder = nn.ModuleList(_Block(*size) for size in sizes[:-1])
        self.down = nn.ModuleList(_normalized(nn.Conv2d(i, o, 2, 2, bias=False)) for i, o in pairwise(WIDTHS))
        self.deepest = _Block(*sizes[-1])
        widths = pairwise(WIDTHS[::-1])
        self.up = nn.ModuleList(_normalized(nn.ConvTranspose2d(i, o, 2, 2, bias=False)) for i, o in widths)
        self.decoder = nn.ModuleList(_Block(*size) for size in sizes[-2::-1])
        self.detail = _normalized(nn.ConvTranspose2d(WIDTHS[0], DETAIL, PATCH, PATCH, bias=False))
        self.mask = nn.Conv2d(DETAIL + seen, channels, 3, padding=1)

    def forward(self, mixture: Tensor) -> Tensor:
        """Target of the `mixture`, both (b, c, f, t), of any t from 1 on.

        b batch, c channel, f frequency, t time.
        """
        f, t = mixture.shape[-2:]
        assert self.bins is not None
        if f not in (self.bins, self.bins - 1):  # full slices leave the highest one out
            raise SettingsError(
                f"MODEL='tfc_tdf' takes slices of all {self.bins} frequencies, not of {f}: "
                "set BATCH_GENERATOR=remix, or a CHOPNAME of slices that are full."
            )
        seen = F.pad(self._features(mixture / level(mixture)), (0, -t % self.stride, 0, self._padded - f))
        values = self.patch(seen)
        skips = []
        for block, down in zip(self.encoder, self.down, strict=True):
            skips.append(block(values))
            values = down(skips[-1])
        values = self.deepest(values)
        for up, block in zip(self.up, self.decoder, strict=True):
            values = block(up(values) + skips.pop())
        mask = self.mask(torch.cat([self.detail(values), seen], dim=1))[..., :f, :t]
        return _complex_product(torch.tanh(mask), mixture) if self.signed else torch.sigmoid(mask) * mixture

    def _features(self, mixture: Tensor) -> Tensor:
        """Square roots: of the amplitudes, and where there are phases, of the complex numbers' length."""
        if not self.signed:
            return mixture.clamp(min=0).sqrt()
        root = (mixture[:, ::2] ** 2 + mixture[:, 1::2] ** 2 + TINY).pow(0.25)
        return torch.cat([root, mixture / root.repeat_interleave(2, dim=1)], dim=1)


class _Block(nn.Module):
    """Convolutions, what connects all frequencies, and convolutions again, around which the input passes by."""

    def __init__(self, width: int, bands: int) -> None:
        super().__init__()
        self.before = _normalized(nn.Conv2d(width, width, 3, padding=1, bias=False))
        few = max(1, bands // BOTTLENECK)
        self.connect = nn.Sequential(  # over frequencies in the channels' place: each frame and channel on its own
            _normalized(nn.Conv2d(bands, few, 1, bias=False)), _normalized(nn.Conv2d(few, bands, 1, bias=False))
        )
        self.after = _normalized(nn.Conv2d(width, width, 3, padding=1, bias=False))

    def forward(self, values: Tensor) -> Tensor:
        """(b, width, bands, t) to the same shape."""
        inner = self.before(values)
        inner = inner + self.connect(inner.transpose(1, 2)).transpose(1, 2)
        result: Tensor = self.after(inner) + values
        return result


def _normalized(convolution: nn.Conv2d | nn.ConvTranspose2d) -> nn.Sequential:
    return nn.Sequential(convolution, nn.BatchNorm2d(convolution.out_channels), nn.ReLU())


def _complex_product(mask: Tensor, mixture: Tensor) -> Tensor:
    """Of two tensors whose channels are real and imaginary parts in turn."""
    (a, b), (c, d) = ((values[:, ::2], values[:, 1::2]) for values in (mask, mixture))
    product = torch.stack([a * c - b * d, a * d + b * c], dim=2)
    return product.flatten(1, 2)
