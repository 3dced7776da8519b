"""SCNet: shapes, bands, and its Fourier transforms, on tiny networks."""

import pytest
import torch

from acapella.networks.real_fft import inverse_real_fft, real_fft
from acapella.networks.scnet import SCNet
from acapella.networks.scnet_layers import Band, DownLayer, UpLayer, band_sizes

BANDS = (Band(0.2, 3, 1, 2), Band(0.4, 4, 4, 1), Band(0.4, 16, 16, 1))
SMALL = {"bins": 257, "widths": (4, 8), "bands": BANDS, "dual_layers": 2}


def network(**changes):
    torch.manual_seed(0)
    return SCNet(**{**SMALL, **changes}).eval()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"sources": 2, "audio_channels": 1},
        {"bins": 200, "widths": (4, 8, 12), "expansion": 2},
        {"bands": (Band(0.5, 5, 1, 1), Band(0.5, 8, 4, 3)), "kernel": 5, "compression": 2, "dual_layers": 4},
    ],
)
@torch.inference_mode()
def test_shapes(changes):
    model = network(**changes)
    channels = 2 * changes.get("audio_channels", 2)
    spectra = model(torch.randn(2, channels, model.bins, 10))
    assert spectra.shape == (2, channels * model.sources, model.bins, 10)
    assert spectra.isfinite().all()


@pytest.mark.parametrize("bins", [257, 200, 77])
def test_bands_cover_all_bins(bins):
    assert sum(band_sizes(bins, BANDS)) == bins


def test_the_published_bands():
    bands = (Band(0.175, 3, 1, 3), Band(0.392, 4, 4, 2), Band(0.433, 16, 16, 1))
    assert band_sizes(2049, bands) == [359, 803, 887]
    assert [band.compressed(size) for band, size in zip(bands, [359, 803, 887], strict=True)] == [359, 201, 56]


@torch.inference_mode()
@pytest.mark.parametrize("bins", [257, 200, 77])
def test_up_gives_back_the_size_that_down_took(bins):
    sizes = band_sizes(bins, BANDS)
    compressed = DownLayer(2, 3, BANDS, sizes)(torch.randn(1, 2, bins, 4))
    assert [band.shape[2] for band in compressed] == [
        band.compressed(size) for band, size in zip(BANDS, sizes, strict=True)
    ]
    assert UpLayer(3, 5, BANDS, sizes)(torch.cat(compressed, dim=2)).shape == (1, 5, bins, 4)


@pytest.mark.parametrize("frames", [2, 10, 132])
def test_the_fourier_transform_is_that_of_torch(frames):
    values = torch.randn(2, 3, 4, frames)
    expected = torch.fft.rfft(values, norm="ortho")
    transformed = real_fft(values)
    torch.testing.assert_close(transformed, torch.cat([expected.real, expected.imag], dim=1), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(inverse_real_fft(transformed), values, rtol=1e-4, atol=1e-5)


def test_the_inverse_of_what_is_no_transform_is_that_of_torch():
    values = torch.randn(1, 6, 2, 6)
    expected = torch.fft.irfft(torch.complex(*values.chunk(2, dim=1)), norm="ortho")
    torch.testing.assert_close(inverse_real_fft(values), expected, rtol=1e-4, atol=1e-5)


def test_all_weights_learn():
    model = network().train()
    model(torch.randn(2, 4, 257, 10)).square().mean().backward()
    assert [name for name, weight in model.named_parameters() if weight.grad is None or not weight.grad.any()] == []
