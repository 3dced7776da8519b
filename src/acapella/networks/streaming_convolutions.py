"""Convolutions for networks that are given a song piece by piece (`networks.streaming`).

Axes are (b, c, t, f) as there; kernels, strides and padding are (time, frequency).

A convolution over a whole song sees zeros beyond its ends. Here each is given a frame mask, and zeroes what the layers
before it have computed there.
"""

from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from acapella.networks.streaming import FrameMask, Signal, StreamingLayer

Padding = tuple[int, int]  # zeros before and after


class Convolution(StreamingLayer):
    """`convolution`, with `time` frames of zeros before and after the song, and `frequency` bins of zeros likewise.

    With stride s, and padding that lets s frames become one, output frame m is computed from input frames up to
    s * m + s - 1 + `after`, and so is there as soon as these are:

        latency of the output = ceil((latency of the input + after) / s)

    Where this division leaves a remainder, as many of the newest frames have to wait.
    """

    def __init__(self, convolution: nn.Conv2d, source: Signal, time: Padding, frequency: Padding) -> None:
        kernel, stride = _extent(convolution), convolution.stride
        if sum(time) != kernel[0] - stride[0]:
            raise ValueError(f"a kernel of {kernel[0]} frames with stride {stride[0]} needs other padding than {time}")
        latency = -(-(source.latency + time[1]) // stride[0])
        bins = (source.bins + sum(frequency) - kernel[1]) // stride[1] + 1
        waiting = stride[0] * latency - source.latency - time[1]
        output = Signal(convolution.out_channels, bins, source.stride * stride[0], latency)
        super().__init__(source, sum(time) + waiting, output)
        self.waiting = waiting
        self.convolution = convolution
        self.padding = frequency

    def forward(self, values: Tensor, frames: FrameMask | None = None) -> Tensor:
        """(b, c, t, f) to (b, c, t / s, f / s)."""
        masked = frames.apply(values, self.source) if frames else values
        complete = F.pad(self.after_history(masked)[:, :, : -self.waiting or None], self.padding)
        own = self.convolution
        return F.conv2d(complete, own.weight, own.bias, own.stride, 0, own.dilation, own.groups)


def _extent(convolution: nn.Conv2d) -> tuple[int, int]:
    """Frames and bins from the first weight to the last."""
    (time, frequency), (wide, high) = convolution.kernel_size, convolution.dilation
    return wide * (time - 1) + 1, high * (frequency - 1) + 1


class TransposedConvolution(StreamingLayer):
    """`convolution` without the first `crop` frames and bins of its output; and `then`, which acts on single values.

    With stride s, frame u of the uncropped output is computed from input frames up to u / s, none of the future. What
    the crop takes away delays the rest:

        latency of the output = s * latency of the input + crop
    """

    def __init__(self, convolution: nn.ConvTranspose2d, source: Signal, crop: int, then: nn.Module) -> None:
        (kernel, _), (stride, _) = convolution.kernel_size, convolution.stride
        latency = stride * source.latency + crop
        output = Signal(convolution.out_channels, stride * source.bins, source.stride // stride, latency)
        super().__init__(source, -(-kernel // stride) - 1, output)
        self.convolution = convolution
        self.factor = stride
        self.crop = crop
        self.then = then

    def forward(self, values: Tensor, frames: FrameMask | None = None) -> Tensor:
        """(b, c, t, f) to (b, c, s * t, s * f)."""
        masked = frames.apply(values, self.source) if frames else values
        result: Tensor = self._upsample(self.after_history(masked), self.factor * values.shape[2])
        return result

    def _upsample(self, joined: Tensor, length: int) -> Tensor:
        """The next `length` frames, of the input behind its history."""
        first, last_bin = self.factor * self.history, self.crop + self.output.bins
        whole = self.convolution(joined)[:, :, first : first + length, self.crop : last_bin]
        result: Tensor = self.then(whole)
        return result


class SubPixelConvolution(TransposedConvolution):
    """The same, made of ordinary convolutions, which runtimes compute in two thirds of the time.

    Each value of the input becomes a square of s × s pixels. Each of these is a convolution of the input with every
    s-th weight along both axes, those that reach it. (W. Shi et al., "Real-time single image and video super-resolution
    using an efficient sub-pixel convolutional neural network", CVPR 2016.)
    """

    def __init__(self, convolution: nn.ConvTranspose2d, source: Signal, crop: int, then: nn.Module) -> None:
        super().__init__(convolution, source, crop, then)
        del self.convolution
        height, width = convolution.kernel_size
        rows = [_taps(height, self.factor, 0, pixel) for pixel in range(self.factor)]  # latency crops along time
        columns = [_taps(width, self.factor, crop, pixel) for pixel in range(self.factor)]
        weight = convolution.weight.detach().transpose(0, 1)
        self.pixels = list(product(rows, columns))
        self.kernels = nn.ParameterList(
            weight[:, :, row.weights][..., column.weights].contiguous() for row, column in self.pixels
        )
        self.bias = convolution.bias

    def _upsample(self, joined: Tensor, length: int) -> Tensor:
        pixels = []
        for (row, column), kernel in zip(self.pixels, self.kernels, strict=True):
            seen = F.pad(joined[:, :, self.history - row.before :], (column.before, column.after))
            pixels.append(self.then(F.conv2d(seen, kernel, self.bias)))
        return _interleave(torch.cat(pixels, dim=1), self.factor)


@dataclass(frozen=True)
class _Taps:
    """The weights that reach a pixel along one axis, and how many neighbours on either side of its input they take."""

    weights: list[int]
    before: int
    after: int


def _taps(kernel: int, stride: int, crop: int, pixel: int) -> _Taps:
    """Weight j takes input i to output s * i + j - crop, of which the pixel is number `pixel` of s."""
    weights = [j for j in reversed(range(kernel)) if (pixel + crop - j) % stride == 0]
    return _Taps(weights, (weights[0] - pixel - crop) // stride, (pixel + crop - weights[-1]) // stride)


def _interleave(pixels: Tensor, factor: int) -> Tensor:
    """(b, s² * c, t, f), the pixels of each square one after the other, to (b, c, s * t, s * f)."""
    _, channels, frames, bins = pixels.shape
    rows = pixels.reshape(factor, factor, -1).transpose(1, 2)  # one axis at a time: runtimes are quick at that
    squares = rows.reshape(factor, -1, factor * bins).transpose(0, 1)
    return squares.reshape(1, channels // factor**2, factor * frames, factor * bins)
