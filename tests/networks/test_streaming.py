import pytest
import torch
from torch import nn

from acapella.networks.deep_unet import DeepUNet
from acapella.networks.streaming import StreamingDeepUNet

BINS = 64


@pytest.fixture(scope="module")
def network():
    """With normalizations that do something, so that a wrong one shows."""
    torch.manual_seed(0)
    network = DeepUNet(2).eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.bias, std=0.3)
            nn.init.uniform_(module.weight, 0.5, 1.5)
    return network


def stream(network, mixture, lengths):
    """Piece after piece, of `lengths` frames in turn, and as many behind the song as the delay needs."""
    streaming = StreamingDeepUNet(network).eval()
    memory, frames = streaming.start(BINS), mixture.shape[-1]
    padded = nn.functional.pad(mixture.transpose(2, 3), (0, 0, 0, 2000))
    exists = (torch.arange(frames + 2000) < frames).float()[None, None, :, None]
    targets, start = [], 0
    while start < frames + streaming.delay:
        length = lengths[len(targets) % len(lengths)]
        piece = slice(start, start + length)
        target, *memory = streaming(padded[:, :, piece], exists[:, :, piece], *memory)
        targets.append(target)
        start += length
    return torch.cat(targets, dim=2)[:, :, streaming.delay :][:, :, :frames].transpose(2, 3)


@pytest.mark.parametrize("frames", [1, 63, 64, 500])
@pytest.mark.parametrize("lengths", [(64,), (128, 64), (512,)])
def test_pieces_give_what_the_network_makes_of_the_whole(network, frames, lengths):
    mixture = torch.rand(1, 2, BINS, frames, generator=torch.Generator().manual_seed(frames)) * 4
    with torch.inference_mode():
        torch.testing.assert_close(stream(network, mixture, lengths), network(mixture), rtol=1e-4, atol=1e-5)


def test_values_on_both_sides_of_zero(network):
    mixture = torch.randn(1, 2, BINS, 300)
    with torch.inference_mode():
        torch.testing.assert_close(stream(network, mixture, (128,)), network(mixture), rtol=1e-4, atol=1e-5)


def test_silence_within_the_song_is_no_end_of_it(network):
    mixture = torch.rand(1, 2, BINS, 600)
    mixture[..., 200:400] = 0
    with torch.inference_mode():
        torch.testing.assert_close(stream(network, mixture, (128,)), network(mixture), rtol=1e-4, atol=1e-5)
