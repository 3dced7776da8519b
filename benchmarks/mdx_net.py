"""An MDX-Net with the sizes of Kim_Vocal_2 and random weights, as UVR publishes them: NAME.onnx and NAME.json.

    pip install -e '.[convert]'
    python benchmarks/mdx_net.py FOLDER        # FOLDER/mdx_net.onnx, 66.8 MB as the published file has

Source of the network: M. Kim, W. Choi, J. Chung, D. Lee, S. Jung, "KUIELab-MDX-Net: a two-stream neural network for
music demixing", MDX workshop, 2021.
"""

import json
import sys
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

CHANNELS, GROWTH, DEPTH, BLOCK_LAYERS, BOTTLENECK = 4, 48, 5, 3, 8
BINS, FRAMES = 3072, 256
PARAMETERS = {
    "mdx_n_fft_scale_set": 7680,
    "mdx_dim_f_set": BINS,
    "mdx_dim_t_set": 8,
    "compensate": 1.009,
    "primary_stem": "Vocals",
}


def unit(layer: nn.Module, width: int) -> nn.Sequential:
    return nn.Sequential(layer, nn.BatchNorm2d(width), nn.ReLU())


class Block(nn.Module):
    """Convolutions over time and frequency, then a bottleneck that connects all frequencies."""

    def __init__(self, width: int, bins: int) -> None:
        super().__init__()
        layers = (unit(nn.Conv2d(width, width, 3, padding=1), width) for _ in range(BLOCK_LAYERS))
        self.convolve = nn.Sequential(*layers)
        few = bins // BOTTLENECK
        self.connect = nn.Sequential(
            unit(nn.Linear(bins, few, bias=False), width), unit(nn.Linear(few, bins, bias=False), width)
        )

    def forward(self, values: Tensor) -> Tensor:
        """(batch, width, frames, bins) to the same."""
        values = self.convolve(values)
        return values + self.connect(values)


class MDXNet(nn.Module):
    """TFC-TDF-UNet, version 2: skip connections multiply."""

    def __init__(self) -> None:
        super().__init__()
        widths = [GROWTH * (level + 1) for level in range(DEPTH + 1)]
        self.first = unit(nn.Conv2d(CHANNELS, GROWTH, 1), GROWTH)
        self.encoder = nn.ModuleList(Block(width, BINS >> level) for level, width in enumerate(widths))
        self.down = nn.ModuleList(
            unit(nn.Conv2d(width, width + GROWTH, 2, stride=2), width + GROWTH) for width in widths[:-1]
        )
        self.up = nn.ModuleList(
            unit(nn.ConvTranspose2d(width, width - GROWTH, 2, stride=2), width - GROWTH) for width in widths[:0:-1]
        )
        self.decoder = nn.ModuleList(Block(widths[level], BINS >> level) for level in range(DEPTH)[::-1])
        self.last = nn.Conv2d(GROWTH, CHANNELS, 1)

    def forward(self, spectrum: Tensor) -> Tensor:
        """(batch, channels, bins, frames) to the same."""
        values, skips = self.first(spectrum.transpose(2, 3)), []
        for block, down in zip(self.encoder[:-1], self.down, strict=True):
            skips.append(block(values))
            values = down(skips[-1])
        values = self.encoder[-1](values)
        for up, block in zip(self.up, self.decoder, strict=True):
            values = block(up(values) * skips.pop())
        return self.last(values).transpose(2, 3)


def main() -> None:
    path = Path(sys.argv[1]) / "mdx_net.onnx"
    torch.manual_seed(0)
    network = MDXNet().eval()
    print(f"{sum(each.numel() for each in network.parameters()) / 1e6:.2f} million parameters")
    warnings.simplefilter("ignore")
    torch.onnx.export(
        network,
        (torch.zeros(1, CHANNELS, BINS, FRAMES),),
        path,
        input_names=["input"],
        output_names=["output"],
        dynamo=False,
        dynamic_axes={"input": {0: "batch"}, "output": {0: "batch"}},
    )
    path.with_suffix(".json").write_text(json.dumps(PARAMETERS))


if __name__ == "__main__":
    main()
