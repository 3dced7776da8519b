"""How a song is cut into pieces for a network: with state, with context on either side, or in overlapping chunks.

A graph has the input `mixture` and the output `target`:

| schedule | mixture | target |
|---|---|---|
| `stateful` | (1, channels, frames, bins) | (1, sources * channels, frames, bins) |
| `context` | (items, channels, bins, frames) | (items, sources * channels, bins, frames) |
| `chunks`, spectral front end | (1, channels, bins, frames) | (1, sources * channels, bins, frames) |
| `chunks`, waveform front end | (1, channels, samples) | (1, sources * channels, samples) |
| `chunks`, hybrid front end | that, and `spectrum` as above | `spectrum` of the sources as above, and that |

Channels are those of the front end's tensors; an item is one channel, or one pair of channels, of the song.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from acapella.errors import UsageError
from acapella.models.parts import Frames, FramesFromZero, Part, Samples, SamplesFromZero, TensorName

SHORTEST_CONTEXT_BLOCK = 256  # frames
STATEFUL_BLOCK = 128  # frames: longer blocks are hardly faster
LONGEST_STATEFUL_BLOCK = 1024
MOST_OVERLAP = 0.95  # of a chunk, when separating: each sample is then computed 20 times
MOST_CHUNKS = 64  # that a sample may be in


class Stateful(Part):
    """Blocks of frames one after the other; the network keeps what it needs of earlier ones as state.

    Besides `mixture` the graph takes each state under its name, zeros at first, and returns it as `next_NAME`. Its
    output is `latency` frames behind its input. `frame_mask` names an input (1, 1, frames, 1) that is 1 for frames of
    the song and 0 for those behind its end, which push the last `latency` frames out.
    """

    kind: Literal["stateful"] = "stateful"
    latency: FramesFromZero
    stride: Frames = 1
    states: tuple[TensorName, ...] = Field(max_length=512)
    frame_mask: TensorName | None = None

    def block(self, frames: int | None = None) -> int:
        """Length of a block: `frames`, within bounds, or the best one, rounded up to a multiple of `stride`."""
        return _rounded_up(min(frames or STATEFUL_BLOCK, LONGEST_STATEFUL_BLOCK), self.stride)


class Context(Part):
    """Blocks of frames with `context` frames on either side, on which the frames of the block may depend.

    Blocks start at multiples of `stride`.
    """

    kind: Literal["context"] = "context"
    context: FramesFromZero
    stride: Frames = 1

    @property
    def frames(self) -> int:
        """Frames of context that a block is given on either side, a multiple of `stride`."""
        return _rounded_up(self.context, self.stride)

    def block(self, frames: int | None = None) -> int:
        """Length of a block, its context not counted: `frames`, rounded up to a multiple of `stride`.

        By default a context is at most half of it: longer blocks compute less twice, and need more memory.
        """
        return _rounded_up(frames or max(SHORTEST_CONTEXT_BLOCK, 2 * self.frames), self.stride)


class Chunks(Part):
    """Chunks of `length` samples, one every `step`, joined by overlap-add; `dsp.chunks` explains the fields.

    `padding`: samples of silence behind each chunk, which a spectral front end sees and overlap-add does not.
    """

    kind: Literal["chunks"] = "chunks"
    length: Samples
    step: Samples
    window: Literal["linear", "triangular", "hann"] = "linear"
    fade: SamplesFromZero = 0
    border: SamplesFromZero = 0
    edges: Literal["reflect", "zeros"] = "reflect"
    multiple: SamplesFromZero = 0
    tail: Literal["reflect", "zeros", "centred"] = "reflect"
    padding: SamplesFromZero = 0

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.step > self.length:
            raise ValueError(f"step must be at most length, {self.length}, not {self.step}")
        if self.step * MOST_CHUNKS < self.length:
            raise ValueError(f"step must be at least 1/{MOST_CHUNKS} of length, {self.length}, not {self.step}")
        if 2 * self.fade > self.length:
            raise ValueError(f"fade must be at most half of length, {self.length}, not {self.fade}")
        return self

    def with_overlap(self, overlap: float) -> "Chunks":
        """The same chunks, overlapping by this share of their length, 0 to 0.95: the more, the slower and smoother.

        Where the border is just what two chunks share, so that the ends of a song are in as many chunks as its middle,
        that stays so.
        """
        if not 0 <= overlap <= MOST_OVERLAP:
            raise UsageError(f"overlap={overlap:g} is not a share of a chunk from 0 to {MOST_OVERLAP}.", "overlap")
        step = max(1, round(self.length * (1 - overlap)))
        border = self.length - step if self.border == self.length - self.step else self.border
        return self.model_copy(update={"step": step, "border": border})


Schedule = Annotated[Stateful | Context | Chunks, Field(discriminator="kind")]


def _rounded_up(frames: int, stride: int) -> int:
    return -(-frames // stride) * stride
