"""What every network in the registry must be, whoever adds it."""

from collections.abc import Iterable
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tests.networks.streams import shake, through_network
from torch import Tensor, nn

from acapella.conversion.export import export_model
from acapella.isolation.frames import run_network
from acapella.isolation.model import open_model
from acapella.models.front_ends import SpectralFrontEnd
from acapella.networks import NETWORKS, Network, build_network

PARAMS = SimpleNamespace(alpha1=0.1, alpha2=0.01, rate=0.1)
BINS = 33
KINDS = [  # tensor channels, and whether these are real and imaginary parts
    pytest.param(2, False, id="amplitudes"),
    pytest.param(2, True, id="complex"),
]
MANY = 16  # output frames that are looked at one by one
CASES = pytest.mark.parametrize("name", NETWORKS)


def make(name: str, channels: int = 2, signed: bool = False) -> Network:
    torch.manual_seed(0)
    network = build_network(name, channels, BINS, PARAMS, signed=signed).eval()
    shake(network)
    return network


def song(frames: int, signed: bool = False, batch: int = 1, bins: int = BINS) -> Tensor:
    noise = torch.randn(batch, 2, bins, frames, generator=torch.Generator().manual_seed(frames))
    return noise if signed else noise.abs()


@CASES
@pytest.mark.parametrize(("channels", "signed"), KINDS)
@pytest.mark.parametrize("frames", [1, 7, 37])
def test_the_target_has_the_shape_of_the_mixture(name, channels, signed, frames):
    network = make(name, channels, signed)
    for bins in [network.bins] if network.bins else [1, 7, BINS]:
        mixture = song(frames, signed, batch=3, bins=bins)
        with torch.inference_mode():
            target = network(mixture)
        assert target.shape == mixture.shape
        assert target.dtype == torch.float32
        assert target.isfinite().all()


@CASES
def test_each_item_of_a_batch_is_on_its_own(name):
    network, mixture = make(name), song(40, batch=3)
    with torch.inference_mode():
        torch.testing.assert_close(network(mixture)[1:2], network(mixture[1:2]))


def averaging(name: str) -> Network:
    """With positive weights that sum to one: nothing cancels out, and no activation is off or saturated."""
    network = make(name)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            across = (0, 2, 3) if isinstance(module, nn.ConvTranspose2d) else (1, 2, 3)
            module.weight.data = module.weight.abs() / module.weight.abs().sum(across, keepdim=True)
        if isinstance(module, nn.BatchNorm2d):
            nn.init.zeros_(module.bias)
    return network


def influences(network: Network, mixture: Tensor, frames: Iterable[int]) -> tuple[int, int]:
    """First and last frame of the `mixture` that any of the output `frames` depends on."""
    mixture = mixture.clone().requires_grad_()
    network(mixture)[..., list(frames)].sum().backward()
    found = mixture.grad.abs().sum((0, 1, 2)).nonzero()
    return int(found.min()), int(found.max())


@CASES
def test_the_context_is_just_what_influences_an_output_frame(name):
    network = averaging(name)
    stride, context = network.stride, network.context
    start = -(-(context + stride) // stride) * stride
    mixture = song(start + stride + context + stride)
    block = range(start, start + stride)
    first, last = influences(network, mixture, block)
    assert first >= block[0] - context
    assert last <= block[-1] + context
    chosen = block if stride <= MANY else sorted({*block[:3], *block[-3:], *block[:: stride // 4]})
    spans = {frame: influences(network, mixture, [frame]) for frame in chosen}
    assert max(frame - first for frame, (first, _) in spans.items()) == context
    assert max(last - frame for frame, (_, last) in spans.items()) == context


@CASES
@pytest.mark.parametrize("signed", [False, True])
def test_blocks_on_the_grid_of_the_stride_give_the_values_of_the_whole(name, signed):
    network = make(name, signed=signed)
    around = -(-network.context // network.stride) * network.stride
    mixture = song(2 * around + 3 * network.stride + 5, signed)
    with torch.inference_mode():
        whole = network(mixture)[..., around + network.stride :]
        part = network(mixture[..., network.stride :])[..., around:]
        tolerance = 1e-5 * float(whole.abs().max())
        torch.testing.assert_close(part, whole, rtol=0, atol=tolerance)
        for shift in {1, network.stride // 2} if network.stride > 1 else ():
            shifted = network(mixture[..., shift:])[..., around + network.stride - shift :]
            assert (shifted - whole)[..., : network.stride].abs().max() > tolerance


@pytest.mark.parametrize("name", [name for name in NETWORKS if make(name).level_invariant])
@pytest.mark.parametrize("signed", [False, True])
def test_a_louder_mixture_gives_a_louder_target(name, signed):
    network, mixture = make(name, signed=signed), song(200, signed)
    with torch.inference_mode():
        expected = network(mixture)
        actual = network(mixture * 0.03) / 0.03
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-2 * float(expected.abs().max()))


@pytest.mark.parametrize("name", [name for name in NETWORKS if make(name).streaming(BINS)])
@pytest.mark.parametrize("signed", [False, True])
def test_the_stream_gives_what_the_network_makes_of_the_whole(name, signed):
    network = make(name, signed=signed)
    stream = network.streaming(BINS).eval()
    mixture = song(3 * network.stride + 5, signed)
    with torch.inference_mode():
        actual = through_network(stream, mixture, (network.stride, 2 * network.stride))
        expected = network(mixture)
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-5 * float(expected.abs().max()))


@pytest.mark.slow
@CASES
def test_the_model_file_computes_what_the_network_does(name, tmp_path):
    """Streams of amplitudes in stereo, the others of real and imaginary parts in mono: an export takes long."""
    representation, channels = ("amplitude", 2) if make(name).streaming(BINS) else ("ri", 1)
    front_end = SpectralFrontEnd(window_length=64, channels=channels, representation=representation)
    network = make(name, signed=front_end.signed)
    export_model(network, front_end, name, tmp_path / "model.onnx")
    mixture = song(2 * network.context + 99, front_end.signed, batch=2)
    with torch.inference_mode():
        expected = network(mixture).numpy()
    model = open_model(tmp_path / "model.onnx")
    for pieces, block in (([10, 99], None), ([200], network.stride)):
        actual = np.concatenate(list(run_network(model, np.split(mixture.numpy(), pieces, axis=-1), block)), axis=-1)
        np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
