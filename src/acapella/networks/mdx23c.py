"""MDX23C (TFC-TDF-UNet v3): a U-Net of blocks that convolve in time and frequency and connect all frequencies.

Source: M. Kim, J. H. Lee and S. Jung, "Sound demixing challenge 2023 music demixing track technical report:
TFC-TDF-UNet v3", arXiv:2306.09382, 2023.
"""

import re

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from acapella.errors import SettingsError
from acapella.networks.fusible import GELU


class MDX23C(nn.Module):
    """Predicts the spectra of `sources`, real and imaginary parts, from the mixture's.

    The bins are cut into `subbands`, which are channels of their own; all layers see tensors (batch, width, time,
    bins of a subband). Each of the `depth` sizes has `blocks` blocks, and `growth` channels more than the one before,
    with bins and frames divided by `scale` (time, frequency). `bottleneck` is the number of bins for one feature of
    what connects them. `norm` is InstanceNorm, BatchNorm, GroupNorm and a number, or none; `activation` is gelu, relu
    or elu and a number. A chunk is normalized as a whole: all its frames depend on each other.
    """

    def __init__(
        self,
        *,
        channels: int = 4,
        bins: int = 4096,
        sources: int = 2,
        subbands: int = 4,
        width: int = 128,
        growth: int = 128,
        depth: int = 5,
        blocks: int = 2,
        bottleneck: int = 4,
        scale: tuple[int, int] = (2, 2),
        norm: str = "InstanceNorm",
        activation: str = "gelu",
    ) -> None:
        super().__init__()
        if bins % (subbands * scale[1] ** depth):
            raise SettingsError(f"{subbands} subbands, {depth} times divided by {scale[1]}, do not divide {bins} bins.")
        self.bins, self.subbands, self.stride = bins, subbands, scale[0] ** depth
        layers = _Layers(norm, activation, scale, blocks, bottleneck)
        widths = [width + growth * level for level in range(depth + 1)]
        bands = [bins // subbands // scale[1] ** level for level in range(depth + 1)]
        inputs = channels * subbands
        self.first = nn.Conv2d(inputs, width, 1, bias=False)
        self.encoder = nn.ModuleList(layers.stage(widths[i], widths[i], bands[i]) for i in range(depth))
        self.down = nn.ModuleList(layers.down(widths[i], widths[i + 1]) for i in range(depth))
        self.deepest = layers.stage(widths[-1], widths[-1], bands[-1])
        self.up = nn.ModuleList(layers.up(widths[i + 1], widths[i]) for i in reversed(range(depth)))
        self.decoder = nn.ModuleList(layers.stage(2 * widths[i], widths[i], bands[i]) for i in reversed(range(depth)))
        self.last = nn.Sequential(
            nn.Conv2d(inputs + width, width, 1, bias=False),
            layers.activation(),
            nn.Conv2d(width, sources * inputs, 1, bias=False),
        )

    def forward(self, mixture: Tensor) -> Tensor:
        """(batch, channels, bins, time) to (batch, sources * channels, bins, time), of any time.

        b batch, c channels or width, t time, k subbands, f bins of a subband
        """
        time = mixture.shape[-1]
        mixture = F.pad(mixture, (0, -time % self.stride)) if time % self.stride else mixture
        batch, channels, bins, frames = mixture.shape
        subbands = mixture.transpose(2, 3).reshape(batch, channels, frames, self.subbands, -1)
        subbands = subbands.transpose(2, 3).flatten(1, 2)  # b (c k) t f
        first = values = self.first(subbands)
        skips = []
        for stage, down in zip(self.encoder, self.down, strict=True):
            skips.append(stage(values))
            values = down(skips[-1])
        values = self.deepest(values)
        for up, stage in zip(self.up, self.decoder, strict=True):
            values = stage(torch.cat([up(values), skips.pop()], dim=1))
        values = self.last(torch.cat([subbands, values * first], dim=1))
        spectra = values.reshape(batch, -1, self.subbands, frames, bins // self.subbands).transpose(2, 3)  # b c t k f
        target: Tensor = spectra.flatten(3).transpose(2, 3)[..., :time]
        return target


class _Layers:
    """Builds layers of one kind of norm and activation."""

    def __init__(self, norm: str, activation: str, scale: tuple[int, int], blocks: int, bottleneck: int) -> None:
        self.norm_name, self.activation_name = norm, activation
        self.scale, self.blocks, self.bottleneck = scale, blocks, bottleneck

    def norm(self, width: int) -> nn.Module:
        """Of `width` channels."""
        name = self.norm_name
        if name == "none":
            return nn.Identity()
        if name == "InstanceNorm":
            return nn.InstanceNorm2d(width, affine=True)
        if name == "BatchNorm":
            return nn.BatchNorm2d(width)
        groups = re.fullmatch(r"GroupNorm([1-9]\d{0,3})", name)
        if groups and not width % int(groups[1]):
            return nn.GroupNorm(int(groups[1]), width)
        raise SettingsError(
            f"norm={name!r} is not one of: InstanceNorm, BatchNorm, GroupNorm and a divisor of {width}, none."
        )

    def activation(self) -> nn.Module:
        """What follows a norm."""
        name = self.activation_name
        if name == "gelu":
            return GELU()
        if name == "relu":
            return nn.ReLU()
        if alpha := re.fullmatch(r"elu(\d{1,4}(?:\.\d{1,6})?)", name):
            return nn.ELU(float(alpha[1]))
        raise SettingsError(f"activation={name!r} is not one of: gelu, relu, elu and a number.")

    def before(self, width: int, layer: nn.Module) -> nn.Sequential:
        """A norm and an activation of `width` channels, and then the layer."""
        return nn.Sequential(self.norm(width), self.activation(), layer)

    def convolution(self, inputs: int, outputs: int) -> nn.Sequential:
        """Of 3×3 frames and bins (TFC)."""
        return self.before(inputs, nn.Conv2d(inputs, outputs, 3, padding=1, bias=False))

    def down(self, inputs: int, outputs: int) -> nn.Sequential:
        """To the next smaller size."""
        return self.before(inputs, nn.Conv2d(inputs, outputs, self.scale, self.scale, bias=False))

    def up(self, inputs: int, outputs: int) -> nn.Sequential:
        """To the next larger size."""
        return self.before(inputs, nn.ConvTranspose2d(inputs, outputs, self.scale, self.scale, bias=False))

    def stage(self, inputs: int, outputs: int, bands: int) -> nn.Sequential:
        """The blocks of one size."""
        return nn.Sequential(*(_Block(self, inputs if i == 0 else outputs, outputs, bands) for i in range(self.blocks)))


class _Block(nn.Module):
    """Convolutions, what connects all frequencies, and convolutions again, around which the input passes by."""

    def __init__(self, layers: _Layers, inputs: int, width: int, bands: int) -> None:
        super().__init__()
        few = bands // layers.bottleneck
        self.shortcut = nn.Conv2d(inputs, width, 1, bias=False)
        self.convolve = layers.convolution(inputs, width)
        self.connect = nn.Sequential(
            layers.before(width, nn.Linear(bands, few, bias=False)),
            layers.before(width, nn.Linear(few, bands, bias=False)),
        )
        self.after = layers.convolution(width, width)

    def forward(self, values: Tensor) -> Tensor:
        """(batch, inputs, time, bands) to (batch, width, time, bands)."""
        inner = self.convolve(values)
        inner = inner + self.connect(inner)
        result: Tensor = self.after(inner) + self.shortcut(values)
        return result
