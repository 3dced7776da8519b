"""BS-RoFormer: a RoFormer over bands that lie side by side, narrow ones for low frequencies."""

from collections.abc import Sequence
from itertools import accumulate

from acapella.networks.roformer import RoFormer, Sizes

# Of the paper, for 1025 bins of 44.1 kHz: number of bands, and the bins of each.
PUBLISHED = ((24, 2), (12, 4), (8, 12), (8, 24), (8, 48), (1, 128), (1, 129))
WIDTHS = tuple(width for count, width in PUBLISHED for _ in range(count))
SIZES = Sizes(features=384, depth=12, mask_layers=2, block_norm=False, final_norm=True)


def bs_roformer(
    *, channels: int = 4, sources: int = 1, widths: Sequence[int] = WIDTHS, sizes: Sizes = SIZES
) -> RoFormer:
    """The network for spectra of `channels` channels (real and imaginary parts) and as many bins as `widths` sum to.

    Source: W.-T. Lu, J.-C. Wang, Q. Kong and Y.-N. Hung, "Music source separation with band-split RoPE transformer",
    ICASSP 2024.
    """
    bands = [range(end - width, end) for width, end in zip(widths, accumulate(widths), strict=True)]
    return RoFormer(bands, channels=channels, sources=sources, sizes=sizes)
