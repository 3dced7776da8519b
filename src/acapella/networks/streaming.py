"""The deep U-Net as a stream: it takes a song piece by piece, remembers what it needs, and computes nothing twice."""

from collections.abc import Iterator
from itertools import product

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from acapella.networks.deep_unet import LEAK, TYPICAL_LEVEL, DeepUNet
from acapella.networks.level import LEVEL_FRAMES, SILENCE

AHEAD = LEVEL_FRAMES // 2 + 2  # frames that the level is behind; so that no delay is odd where a stride follows
VECTOR = 16  # channels that a processor computes at once; with fewer the rest of them is wasted
MEMORY = 384  # frames, of which song there was: more than any delay, a multiple of the stride


class StreamingDeepUNet(nn.Module):
    """`network` for one piece of a song after the other; all pieces together give what the network makes of the whole.

    A piece has any multiple of `stride` frames. What comes out is the target for the mixture `delay` frames ago, so the
    song is followed by as many frames that do not exist. Each convolution along time begins with the last frames of the
    piece before, where that of the whole song has a neighbour; beyond the song's ends both have zeros.

    The order of axes is that of spectra in memory: (1, channels, frames, bins).
    """

    delay = 321
    stride = DeepUNet.stride

    def __init__(self, network: DeepUNet) -> None:
        super().__init__()
        self.network = network
        self.up = nn.ModuleList(_doubling(*layer) for layer in zip(network.up, network.up_norm, strict=True))

    def start(self, bins: int) -> list[Tensor]:
        """The memory with which a song begins: zeros."""
        _, *memory = self(torch.zeros(1, self.network.channels, MEMORY, bins), torch.zeros(1, 1, MEMORY, 1))
        return [torch.zeros_like(part) for part in memory]

    def forward(self, mixture: Tensor, exists: Tensor, *memory: Tensor) -> tuple[Tensor, ...]:
        """Target, and the memory for the next piece, of `mixture`, `exists` and the memory after the last one.

        `mixture` and target are (1, channels, frames, bins); `exists`, 1 for a frame of the song and 0 for one beyond
        its end, is (1, 1, frames, 1).
        """
        past = Past(memory)
        song = Song(exists, past)
        heard = past.before(mixture, self.delay)
        values = heard[:, :, self.delay - AHEAD : -AHEAD] / song.level(mixture) * TYPICAL_LEVEL
        values = self._gain(values, song, past)
        return values * heard[:, :, : -self.delay], *past.next

    def _gain(self, values: Tensor, song: "Song", past: "Past") -> Tensor:
        """As `DeepUNet.gain`; `late` counts the frames, each `step` of the song's, that `values` are behind it."""
        network, late, step = self.network, AHEAD, 1
        skips = []
        for depth, convolution in enumerate(network.down):
            values = convolution(F.pad(past.before(values, 3), (1, 2)))
            late, step = late // 2 + 1, step * 2
            skips.append((values, late))
            if depth < len(network.down_norm):
                values = song.only(F.leaky_relu(network.down_norm[depth](values), LEAK), late, step)
        for depth, up in enumerate(self.up):
            skip, less_late = skips.pop()
            if depth:
                values = torch.cat([past.delay(skip, late - less_late), values], dim=1)
            values = up(past.before(song.only(values, late, step), 2))
            late, step = 2 * late + 2, step // 2
        values = F.pad(past.before(song.only(values, late, step), 6), (3, 3))
        return torch.sigmoid(F.conv2d(values, network.mask.weight, network.mask.bias, dilation=network.mask.dilation))


def _doubling(convolution: nn.Module, norm: nn.Module) -> nn.Module:
    """What takes values (1, channels, frames, bins), two frames of the past among them, to twice the others."""
    assert isinstance(convolution, nn.ConvTranspose2d)
    assert isinstance(norm, nn.BatchNorm2d)
    return (_Places if convolution.out_channels >= VECTOR else _Transposed)(convolution, norm)


class _Transposed(nn.Module):
    """A transposed convolution with stride 2, its activation and normalization."""

    def __init__(self, convolution: nn.ConvTranspose2d, norm: nn.BatchNorm2d) -> None:
        super().__init__()
        self.convolution = convolution
        self.norm = norm

    def forward(self, values: Tensor) -> Tensor:
        """Without what only one of two neighbours, or none, has a share in."""
        doubled = F.relu(self.convolution(values)[:, :, 3:-4, 1:-2])
        normalized: Tensor = self.norm(doubled)
        return normalized


class _Places(nn.Module):
    """The same as ordinary convolutions.

    Of the places in each 2×2 square that come of one value, every one has a convolution of its own, with those of the
    5×5 weights that reach it. Runtimes compute these in two thirds of the time.
    """

    def __init__(self, convolution: nn.ConvTranspose2d, norm: nn.BatchNorm2d) -> None:
        super().__init__()
        weight = convolution.weight.detach().transpose(0, 1)
        # An even place takes the value there and the one before; an odd place the one behind as well.
        reaching = [torch.tensor(taps) for taps in ((3, 1), (4, 2, 0))]
        places = product(reaching, reaching)
        self.kernels = nn.ParameterList(weight[:, :, rows][..., columns].contiguous() for rows, columns in places)
        self.bias = convolution.bias
        self.norm = nn.BatchNorm2d(4 * norm.num_features, norm.eps).eval()
        self.norm.load_state_dict({name: _four_times(value) for name, value in norm.state_dict().items()})

    def forward(self, values: Tensor) -> Tensor:
        """All places, then brought to where they belong."""
        parts = []
        for kernel in self.kernels:
            rows, columns = kernel.shape[-2:]
            seen = F.pad(values[:, :, : values.shape[2] - 3 + rows], (1, columns - 2))
            parts.append(F.relu(F.conv2d(seen, kernel, self.bias)))
        return _interleave(self.norm(torch.cat(parts, dim=1)))


def _four_times(value: Tensor) -> Tensor:
    return value.repeat(4) if value.dim() else value


def _interleave(parts: Tensor) -> Tensor:
    """(1, 4 * channels, frames, bins), the places of 2×2 squares one after the other, to twice the frames and bins."""
    _, channels, frames, bins = parts.shape
    of_rows = parts.reshape(2, 2, -1).transpose(1, 2)  # one axis at a time: runtimes are quick at that
    rows = of_rows.reshape(2, -1, 2 * bins).transpose(0, 1)
    return rows.reshape(1, channels // 4, 2 * frames, 2 * bins)


class Past:
    """The last frames of each layer's input: what the pieces before have left, and what is kept for the next."""

    def __init__(self, memory: tuple[Tensor, ...]) -> None:
        self._memory: Iterator[Tensor] | None = iter(memory) if memory else None  # None: zeros
        self.next: list[Tensor] = []

    def before(self, values: Tensor, frames: int) -> Tensor:
        """`values` (1, channels, frames, bins) with the last `frames` of the pieces before in front of them."""
        batch, channels, _, bins = values.shape
        last = next(self._memory) if self._memory else torch.zeros(batch, channels, frames, bins)
        joined = torch.cat([last, values], dim=2)
        self.next.append(joined[:, :, -frames:])
        return joined

    def delay(self, values: Tensor, frames: int) -> Tensor:
        """What `values` were `frames` earlier."""
        return self.before(values, frames)[:, :, :-frames]


class Song:
    """Which frames belong to the song, so that layers see zeros before and after it."""

    def __init__(self, exists: Tensor, past: Past) -> None:
        stride = StreamingDeepUNet.stride
        whole = F.max_pool2d(exists, (stride, 1)).repeat_interleave(stride, dim=2)  # the network fills the last one up
        self._frames = exists.shape[2]
        self._padded = past.before(whole, MEMORY)
        self._exists = exists
        self._past = past

    def level(self, mixture: Tensor) -> Tensor:
        """The level, as `networks.level` has it, for the frames `AHEAD` ago."""
        heard = self._around(mixture.abs().mean(dim=(1, 3), keepdim=True))
        existing = self._around(self._exists).clamp(min=1 / LEVEL_FRAMES)
        return (heard / existing).clamp(min=SILENCE)

    def _around(self, values: Tensor) -> Tensor:
        """Mean of the `LEVEL_FRAMES` around each of the frames `AHEAD` ago."""
        window = self._past.before(values, AHEAD + LEVEL_FRAMES // 2)[:, :, : LEVEL_FRAMES // 2 - AHEAD]
        return F.avg_pool2d(window, (LEVEL_FRAMES, 1), 1)

    def only(self, values: Tensor, late: int, step: int) -> Tensor:
        """`values`, zero where there is no song; they are `late` frames behind it, each `step` of its frames."""
        first = MEMORY - late * step
        return values * self._padded[:, :, first : first + self._frames : step]
