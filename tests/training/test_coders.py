"""What goes around a network in torch does what goes around it when a song is separated."""

import numpy as np
import pytest
import torch
from torch import nn

from acapella.dsp.normalizers import IDENTITY
from acapella.isolation.chunks import CODERS as NUMPY_CODERS
from acapella.models.description import ModelDescription
from acapella.models.front_ends import HybridFrontEnd, SpectralFrontEnd, WaveformFrontEnd
from acapella.models.schedules import Chunks
from acapella.training.coders import CODERS

SPECTRAL = {"window_length": 64, "channels": 2, "sample_rate": 8000}
CASES = {
    "complex mask": (SpectralFrontEnd(**SPECTRAL, representation="ri", above="silence"), "mask"),
    "complex spectrum": (SpectralFrontEnd(**SPECTRAL, representation="ri", hop=20, normalized=True), "spectrum"),
    "some bins": (SpectralFrontEnd(**SPECTRAL, representation="ri", bins=24, silent_bins=3), "mask"),
    "rectangular window": (SpectralFrontEnd(**SPECTRAL, representation="ri", window="rectangular"), "spectrum"),
    "amplitudes": (SpectralFrontEnd(**SPECTRAL, representation="amplitude", bins=30), "spectrum"),
    "mask of amplitudes": (SpectralFrontEnd(**SPECTRAL, representation="amplitude", bins=30), "mask"),
    "silence above": (SpectralFrontEnd(**SPECTRAL, representation="amplitude", bins=30, above="silence"), "mask"),
    "log-power": (SpectralFrontEnd(**SPECTRAL, representation="lps"), "spectrum"),
    "waveform": (WaveformFrontEnd(sample_rate=8000), "waveform"),
    "hybrid": (HybridFrontEnd(sample_rate=8000, window_length=64), "hybrid"),
}


class Twice(nn.Module):
    """Two sources, of which the second is the first at half the level; of a hybrid, of each part."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(0.7))

    def forward(self, *tensors: torch.Tensor):
        found = tuple(torch.cat([tensor * self.factor, tensor * self.factor / 2], dim=1) for tensor in tensors)
        return found[0] if len(found) == 1 else found[::-1]  # a hybrid gives the spectra first


@pytest.mark.parametrize("case", CASES)
def test_the_waveforms_are_those_of_separating(case, rng):
    front_end, kind = CASES[case]
    schedule = Chunks(length=500, step=250, padding=100 if case == "rectangular window" else 0)
    description = ModelDescription(
        front_end=front_end, schedule=schedule, sources=("a", "b"), residual=None, output={"kind": kind, "gain": 1.5}
    )
    audio = rng.uniform(-1, 1, (3, 2, 500)).astype(np.float32)
    network = Twice()
    coder = NUMPY_CODERS[type(front_end)](description, IDENTITY)
    expected = []
    for item in audio:
        spectrum, inputs = coder.encode(item)
        with torch.inference_mode():
            outputs = network(*map(torch.from_numpy, inputs))
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        decoded = coder.decode([output.numpy() for output in outputs], spectrum, 500)
        expected.append(np.concatenate(decoded)[:, :500])
    found = CODERS[type(front_end)](description).predict(network, torch.from_numpy(audio))
    np.testing.assert_allclose(found.detach().numpy(), np.stack(expected), rtol=0, atol=2e-5)
    found.abs().mean().backward()
    assert network.factor.grad.isfinite()
    assert network.factor.grad > 0
