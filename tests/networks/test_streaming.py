import pytest
import torch
from tests.networks.causal import Causal
from tests.networks.streams import shake, through_network

from acapella.networks.deep_unet import DeepUNet
from acapella.networks.streaming import PureStream

BINS = 70


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    network = DeepUNet(2).eval()
    shake(network)
    return network


def assert_streams(network, mixture, lengths):
    with torch.inference_mode():
        actual, expected = through_network(network.streaming(BINS).eval(), mixture, lengths), network(mixture)
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-6 * float(expected.abs().max()))


def test_latency_and_stride_of_the_deep_unet_follow_from_its_layers(network):
    stream = network.streaming(BINS)
    assert (stream.latency, stream.stride) == (258, 64)
    assert [layer.output.latency for layer in stream.down] == [33, 18, 10, 6, 4, 3]
    assert [layer.output.latency for layer in stream.up] == [7, 15, 31, 63, 127, 255]


@pytest.mark.parametrize("frames", [1, 63, 64, 500])
@pytest.mark.parametrize("lengths", [(64,), (128, 64), (512,)])
def test_pieces_give_what_the_network_makes_of_the_whole(network, frames, lengths):
    mixture = torch.rand(1, 2, BINS, frames, generator=torch.Generator().manual_seed(frames)) * 4
    assert_streams(network, mixture, lengths)


def test_values_on_both_sides_of_zero(network):
    assert_streams(network, torch.randn(1, 2, BINS, 300), (128,))


def test_silence_within_the_song_is_no_end_of_it(network):
    mixture = torch.rand(1, 2, BINS, 600)
    mixture[..., 200:400] = 0
    assert_streams(network, mixture, (128,))


def test_a_causal_network_has_no_latency():
    torch.manual_seed(0)
    network = Causal(2).eval()
    stream = network.streaming(BINS)
    assert (stream.latency, stream.stride) == (0, 1)
    assert_streams(network, torch.randn(1, 2, BINS, 50), (1, 7))


def test_states_have_names_and_a_second_song_begins_anew(network):
    stream = network.streaming(BINS).eval()
    assert {"level", "down0", "down5", "skip4", "up5", "mask", "valid_frames"} <= stream.states.keys()
    song = torch.rand(1, 2, BINS, 100)
    with torch.inference_mode():
        first, second = (through_network(stream, song, (64,)) for _ in range(2))
    assert torch.equal(first, second)


def test_as_a_function_a_stream_takes_its_states_and_returns_the_next_ones(network):
    stream = network.streaming(BINS).eval()
    function = PureStream(stream)
    pieces = torch.rand(1, 2, 512, BINS).split(128, dim=2)
    valid, states = torch.ones(1, 1, 128, 1), [torch.zeros_like(state) for state in stream.states.values()]
    with torch.inference_mode():
        expected = [stream(piece, valid) for piece in pieces]
        last = [state.clone() for state in stream.states.values()]
        for piece, target in zip(pieces, expected, strict=True):
            actual, *states = function(piece, valid, *states)
            assert torch.equal(actual, target)
    assert all(torch.equal(state, other) for state, other in zip(states, last, strict=True))
