import pytest
import torch
from tests.networks.streams import through_layer
from torch import nn
from torch.nn import functional as F

from acapella.networks.streaming import Delay, MovingAverage, Signal, StreamingLayer
from acapella.networks.streaming_convolutions import Convolution, SubPixelConvolution, TransposedConvolution

FRAMES, BINS = 96, 10


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.fixture
def song():
    return torch.randn(1, 3, FRAMES, BINS)


def delayed(song: torch.Tensor, frames: int) -> torch.Tensor:
    """A song delayed by so many frames."""
    return F.pad(song, (0, 0, frames, 0))


@pytest.mark.parametrize("lengths", [(12,), (24, 12), (96,)])
@pytest.mark.parametrize(
    ("kernel", "stride", "dilation", "padding"),
    [
        (1, 1, 1, (0, 0)),
        (3, 1, 1, (2, 0)),
        (3, 1, 1, (0, 2)),
        (5, 2, 1, (1, 2)),
        (5, 2, 1, (2, 1)),
        (4, 1, 2, (3, 3)),
        (7, 3, 1, (2, 2)),
        (6, 3, 1, (3, 0)),
    ],
)
def test_a_convolution_in_pieces_is_that_of_the_whole(song, kernel, stride, dilation, padding, lengths):
    convolution = nn.Conv2d(3, 4, kernel, stride, dilation=dilation)
    layer = Convolution(convolution, Signal(3, BINS), padding, padding)
    expected = convolution(F.pad(song, padding + padding))
    torch.testing.assert_close(through_layer(layer, song, lengths), expected)
    assert layer.output == Signal(4, expected.shape[3], stride, layer.output.latency)


@pytest.mark.parametrize("source_latency", [0, 1, 2, 5])
@pytest.mark.parametrize(("stride", "padding"), [(1, (2, 2)), (2, (1, 2)), (4, (0, 1))])
def test_the_latency_of_a_convolution_is_the_least_that_whole_strides_allow(source_latency, stride, padding):
    convolution = nn.Conv2d(1, 1, 5, stride)
    layer = Convolution(convolution, Signal(1, 9, latency=source_latency), padding, (0, 0))
    song = torch.randn(1, 1, FRAMES, 9)
    expected = convolution(F.pad(song, (0, 0, *padding)))
    actual = through_layer(layer, delayed(song, source_latency), (4 * stride,))
    torch.testing.assert_close(actual[:, :, : expected.shape[2]], expected)
    newest = stride * layer.output.latency - source_latency - padding[1]  # frames that are there and not used
    assert 0 <= newest < stride


def test_padding_that_does_not_go_with_the_kernel_is_an_error():
    with pytest.raises(ValueError, match=r"a kernel of 5 frames with stride 2 needs other padding than \(2, 2\)"):
        Convolution(nn.Conv2d(1, 1, 5, 2), Signal(1, 8), (2, 2), (2, 2))


@pytest.mark.parametrize("kind", [TransposedConvolution, SubPixelConvolution])
@pytest.mark.parametrize(
    ("kernel", "stride", "crop"), [(5, 2, 1), (4, 2, 1), (2, 2, 0), (5, 2, 0), (5, 3, 1), (7, 3, 2)]
)
def test_a_transposed_convolution_in_pieces_is_that_of_the_whole(song, kind, kernel, stride, crop):
    convolution = nn.ConvTranspose2d(3, 4, kernel, stride)
    then = nn.Sequential(nn.ReLU(), nn.BatchNorm2d(4)).eval()
    nn.init.normal_(then[1].bias)
    layer = kind(convolution, Signal(3, BINS, stride=stride, latency=2), crop, then).eval()
    assert layer.output == Signal(4, stride * BINS, latency=2 * stride + crop)
    whole = then(convolution(song)[:, :, crop:, crop:])[:, :, : stride * FRAMES, : stride * BINS]
    actual = through_layer(layer, delayed(song, 2), (12, 36))
    torch.testing.assert_close(actual[:, :, : whole.shape[2]], whole)


def test_a_moving_average_looks_as_far_ahead_as_back(song):
    layer = MovingAverage(Signal(3, BINS), 9)
    assert layer.output.latency == 4
    torch.testing.assert_close(through_layer(layer, song, (12,)), F.avg_pool2d(F.pad(song, (0, 0, 4, 4)), (9, 1), 1))


def test_a_delay_waits_for_a_later_path(song):
    layer = Delay(Signal(3, BINS, latency=3), latency=20)
    assert layer.history == 17
    assert torch.equal(through_layer(layer, delayed(song, 3), (12,))[:, :, :FRAMES], song)


def test_without_anything_to_wait_for_a_layer_has_no_state(song):
    layers: list[StreamingLayer] = [
        Delay(Signal(3, BINS, latency=3), latency=3),
        Convolution(nn.Conv2d(3, 2, 1), Signal(3, BINS), (0, 0), (0, 0)),
    ]
    assert [layer.state for layer in layers] == [None, None]
    assert torch.equal(layers[0](song), song)


def test_a_reset_forgets_the_song_before(song):
    layer = Convolution(nn.Conv2d(3, 2, 3), Signal(3, BINS), (2, 0), (1, 1))
    first = layer(song)
    assert not torch.equal(layer(song), first)
    layer.reset()
    assert torch.equal(layer(song), first)
