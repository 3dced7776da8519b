"""A drawing of a network: one block a convolution, as tall as its picture, labelled with its channels."""

from pathlib import Path

import torch
from torch import nn

from acapella.networks import Network
from acapella.pictures import drawing

SIZE = 64  # bins and frames of the spectrogram that is sent through


def draw_network(network: Network, channels: int, title: str, path: Path) -> None:
    """Write a picture (.png) of all convolutions of `network` in the order in which they run."""
    layers = convolutions(network, channels)
    size = network.bins or SIZE
    parameters = sum(parameter.numel() for parameter in network.parameters())
    with drawing(path, 1.5 + 0.75 * len(layers), 4) as figure:
        axes = figure.subplots()
        for place, (convolution, height) in enumerate(layers):
            axes.bar(place, height / size, width=0.8, bottom=0.5 - height / size / 2, color="#6a51a3")
            kernel = "×".join(str(side) for side in convolution.kernel_size)
            stride = f"\n÷{convolution.stride[0]}" if convolution.stride[0] > 1 else ""
            label = f"{convolution.out_channels}\n{kernel}{stride}"
            axes.text(place, 1.05, label, ha="center", va="bottom", fontsize=8)
        axes.set(
            title=f"{title}: {parameters:,} parameters",
            xlabel="Convolutions, from mixture to target; above: channels, kernel, stride",
            ylabel="Resolution",
            ylim=(0, 1.45),
            xticks=range(len(layers)),
            xticklabels=range(1, len(layers) + 1),
            yticks=[],
        )
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)


def convolutions(network: Network, channels: int) -> list[tuple[nn.Conv2d, int]]:
    """The convolutions in the order in which they run, each with the height of its output.

    The input has the network's own number of bins, or `SIZE`.
    """
    seen: list[tuple[nn.Conv2d, int]] = []

    def note(layer: nn.Module, _: object, output: torch.Tensor) -> None:
        assert isinstance(layer, nn.Conv2d)
        seen.append((layer, output.shape[-2]))

    hooks = [layer.register_forward_hook(note) for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    was_training = network.training
    with torch.no_grad():
        network.eval()(torch.zeros(1, channels, network.bins or SIZE, SIZE))
    network.train(was_training)
    for hook in hooks:
        hook.remove()
    return seen
