"""Parts of networks that are given a song piece by piece, and compute nothing twice.

A layer keeps the last frames of its input, its *state*, and puts them in front of the next piece; and it knows how far
its output is behind the song, its *latency*. The latency, the stride and the states of a network follow from those of
its layers (as in kyutai/moshi's streaming modules).

    b  batch, always 1      t  time: frames
    c  channels             f  frequency: bins

All tensors are (b, c, t, f), the order in which spectra lie in memory.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F


@dataclass(frozen=True)
class Signal:
    """What one layer gives to the next.

    Parameters
    ----------
    channels, bins
        Its sizes.
    stride
        Frames of the song in one of its frames.
    latency
        How many of its frames it is behind: frame n, counted over all pieces, is frame n - `latency` of what the layer
        makes of a whole song.
    """

    channels: int
    bins: int
    stride: int = 1
    latency: int = 0

    @property
    def song_latency(self) -> int:
        """The latency in frames of the song."""
        return self.stride * self.latency


class StreamingLayer(nn.Module):
    """A layer from the signal `source` to the signal `output`.

    Its `state` is the last `history` frames of its input; zeros where a song begins.
    """

    state: Tensor | None

    def __init__(self, source: Signal, history: int, output: Signal) -> None:
        super().__init__()
        self.source = source
        self.history = history
        self.output = output
        state = torch.zeros(1, source.channels, history, source.bins) if history else None
        self.register_buffer("state", state, persistent=False)

    def after_history(self, values: Tensor) -> Tensor:
        """`values` behind the `history` frames that came before them; the last of these are kept for the next piece."""
        if self.state is None:
            return values
        joined = torch.cat([self.state, values], dim=2)
        self.state = joined[:, :, -self.history :]
        return joined

    def reset(self) -> None:
        """Begin another song."""
        if self.state is not None:
            self.state = torch.zeros_like(self.state)


class StreamingNetwork(nn.Module):
    """A network for one piece of a song after the other; all pieces together give what a `Network` makes of the whole.

    A piece has any multiple of `stride` frames. What comes out is the target for the mixture `latency` frames ago: so
    many frames that are not valid must follow the song.
    """

    source: Signal  # the mixture
    output: Signal  # of the last layer, the target

    def forward(self, mixture: Tensor, valid: Tensor) -> Tensor:
        """Target of the next piece of the `mixture`; the states move on.

        Shape:
            mixture, target: (b, c, t, f)
            valid: (b, 1, t, 1), 1 for a frame of the song and 0 for one beyond its end, where the mixture is 0 too
        """
        raise NotImplementedError

    @property
    def latency(self) -> int:
        """Frames that the target is behind the mixture."""
        return self.output.song_latency

    @property
    def stride(self) -> int:
        """Pieces have multiples of so many frames: the stride of the coarsest layer."""
        return max(layer.output.stride for layer in self.layers().values())

    @property
    def states(self) -> dict[str, Tensor]:
        """The states by name: "down0" is that of the first of the layers `down`."""
        return {name.replace(".", ""): layer.state for name, layer in self.layers().items() if layer.state is not None}

    def reset(self) -> None:
        """Begin another song."""
        for layer in self.layers().values():
            layer.reset()

    def layers(self) -> dict[str, StreamingLayer]:
        """All layers with their names, in order."""
        return {name: module for name, module in self.named_modules() if isinstance(module, StreamingLayer)}


class PureStream(nn.Module):
    """A streaming network as a pure function: its states go in and come out."""

    def __init__(self, network: StreamingNetwork) -> None:
        super().__init__()
        self._piece = _Piece(network)
        layers = network.layers().items()
        self._state_buffers = [f"network.{name}.state" for name, layer in layers if layer.state is not None]

    def forward(self, mixture: Tensor, valid: Tensor, *states: Tensor) -> tuple[Tensor, ...]:
        """Target and next states of a piece and the states before it, which are ordered as in `network.states`."""
        buffers = dict(zip(self._state_buffers, states, strict=True))
        result: tuple[Tensor, ...] = functional_call(self._piece, buffers, (mixture, valid))
        return result


class _Piece(nn.Module):
    def __init__(self, network: StreamingNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, mixture: Tensor, valid: Tensor) -> tuple[Tensor, ...]:
        target = self.network(mixture, valid)
        return (target, *self.network.states.values())


class Delay(StreamingLayer):
    """Holds values back until another path, which is `latency` frames behind, has come as far."""

    def __init__(self, source: Signal, latency: int) -> None:
        super().__init__(source, latency - source.latency, replace(source, latency=latency))

    def forward(self, values: Tensor) -> Tensor:
        """(b, c, t, f) to the same shape."""
        return self.after_history(values)[:, :, : -self.history or None]


class MovingAverage(StreamingLayer):
    """The mean of the `length` frames, an odd number, around each; half of them are still to come."""

    def __init__(self, source: Signal, length: int) -> None:
        super().__init__(source, length - 1, replace(source, latency=source.latency + length // 2))

    def forward(self, values: Tensor) -> Tensor:
        """(b, c, t, f) to the same shape."""
        return F.avg_pool2d(self.after_history(values), (self.history + 1, 1), 1)


@dataclass(frozen=True)
class FrameMask:
    """Which frames belong to the song: `mask` (b, 1, history + t, 1) is 1 for these, and 0 beyond its ends."""

    mask: Tensor
    history: int

    def apply(self, values: Tensor, signal: Signal) -> Tensor:
        """`values`, which are a piece of `signal`, with zeros beyond the song's ends."""
        latency = signal.song_latency
        return values * self.mask[:, :, self.history - latency : -latency or None : signal.stride]


class ValidFrames(StreamingLayer):
    """Makes the frame mask for layers whose latencies and strides differ.

    Parameters
    ----------
    block
        The network for whole songs fills a song up to a multiple of so many frames.
    signals
        All that are to be masked: they say how many earlier frames are needed.
    """

    def __init__(self, block: int, signals: Iterable[Signal]) -> None:
        source = Signal(channels=1, bins=1)
        super().__init__(source, max(signal.song_latency for signal in signals), source)
        self.block = block

    def forward(self, valid: Tensor) -> FrameMask:
        """The mask of a piece, of `valid` (b, 1, t, 1)."""
        filled_up = F.max_pool2d(valid, (self.block, 1)).repeat_interleave(self.block, dim=2)
        return FrameMask(self.after_history(filled_up), self.history)
