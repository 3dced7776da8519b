"""Mel-Band RoFormer: a RoFormer over overlapping bands of equal width on the mel scale."""

import numpy as np

from acapella.networks.roformer import RoFormer, Sizes

SIZES = Sizes()

# Slaney's mel scale: linear below 1 kHz, logarithmic above.
LINEAR_STEP = 200 / 3  # hertz a mel
LOG_START = 1000.0  # hertz
LOG_STEP = np.log(6.4) / 27  # of the logarithm, a mel


def mel_band_roformer(
    *,
    channels: int = 4,
    bins: int = 1025,
    sources: int = 1,
    sample_rate: int = 44100,
    bands: int = 60,
    sizes: Sizes = SIZES,
) -> RoFormer:
    """The network for spectra of `channels` channels (real and imaginary parts) and `bins` bins.

    Source: J.-C. Wang, W.-T. Lu and M. Won, "Mel-band RoFormer for music source separation",
    arXiv:2310.01809, 2023.
    """
    return RoFormer(mel_bands(sample_rate, bins, bands), channels=channels, sources=sources, sizes=sizes)


def mel_bands(sample_rate: int, bins: int, bands: int) -> list[list[int]]:
    """The bins of each of the mel `bands`: those where a triangular filter of Slaney's bank is above zero.

    The lowest bin belongs to the first band and the highest to the last, whatever the filters say.
    """
    frequencies = np.linspace(0, sample_rate / 2, bins)
    edges = _hertz(np.linspace(0, _mels(sample_rate / 2), bands + 2))
    inside = np.zeros((bands, bins), bool)
    for band, (low, centre, high) in enumerate(zip(edges, edges[1:], edges[2:], strict=False)):
        rising, falling = (frequencies - low) / (centre - low), (high - frequencies) / (high - centre)
        inside[band] = np.minimum(rising, falling) > 0
    inside[0, 0] = inside[-1, -1] = True
    return [np.flatnonzero(row).tolist() for row in inside]


def _mels(hertz: float) -> float:
    if hertz < LOG_START:
        return hertz / LINEAR_STEP
    return float(LOG_START / LINEAR_STEP + np.log(hertz / LOG_START) / LOG_STEP)


def _hertz(mels: np.ndarray) -> np.ndarray:
    linear = mels * LINEAR_STEP
    start = LOG_START / LINEAR_STEP
    return np.where(mels < start, linear, LOG_START * np.exp(LOG_STEP * (mels - start)))
