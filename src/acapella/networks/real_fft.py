"""The Fourier transform of real values as matrix products, for runtimes that have no transform, or a slow one."""

import math

import torch
from torch import Tensor


def real_fft(values: Tensor) -> Tensor:
    """Orthonormal transform of (b c f t), t even, along t: (b 2c f t/2+1), all real parts before all imaginary ones."""
    length = values.shape[-1]
    phase = _phases(length, values.device)
    scale = length**-0.5
    return torch.cat([values @ (phase.cos() * scale), values @ (phase.sin() * -scale)], dim=1)


def inverse_real_fft(values: Tensor) -> Tensor:
    """Undo `real_fft`: (b 2c f t/2+1) to (b c f t)."""
    real, imaginary = values.chunk(2, dim=1)
    length = 2 * (values.shape[-1] - 1)
    phase = _phases(length, values.device).T
    twice = torch.full((length // 2 + 1, 1), 2 * length**-0.5, device=values.device)  # for the negative frequencies
    twice[[0, -1]] /= 2
    return real @ (phase.cos() * twice) - imaginary @ (phase.sin() * twice)


def _phases(length: int, device: torch.device) -> Tensor:
    """2π n k / length, (length, length/2+1), exact to float32 for large products as well."""
    turns = torch.outer(torch.arange(length, device=device), torch.arange(length // 2 + 1, device=device)) % length
    return turns.float() * (2 * math.pi / length)
