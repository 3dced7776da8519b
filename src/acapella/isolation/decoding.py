"""From a spectral network's output to the spectra of its sources."""

import numpy as np

from acapella.dsp.normalizers import Normalization
from acapella.models.description import ModelDescription
from acapella.models.front_ends import SpectralFrontEnd


def spectra_of_sources(
    description: ModelDescription, output: np.ndarray, mixture: np.ndarray, normalization: Normalization
) -> np.ndarray:
    """Spectra of the sources that a network's `output` for a `mixture` means.

    Shape:
        - output: (items, sources * tensor channels, bins of the network, frames)
        - mixture: (items, channels, bins of the STFT, frames) complex64
        - returns: (sources, items * channels, bins of the STFT, frames) complex64
    """
    front_end = description.front_end
    assert isinstance(front_end, SpectralFrontEnd)
    spectra = []
    for tensor in np.split(output, len(description.sources), axis=1):
        if description.output.kind == "mask":
            spectrum = front_end.decode_mask(tensor, mixture)
        else:
            spectrum = front_end.decode(tensor, mixture, normalization)
        spectra.append(spectrum.reshape(-1, *spectrum.shape[-2:]))
    joined = np.stack(spectra) if len(spectra) > 1 else spectra[0][None]
    if description.output.gain != 1:
        joined *= np.float32(description.output.gain)
    return joined
