"""The network's weights in files, and means of several."""

from pathlib import Path

import torch

from acapella.conversion.weight_files import load_weights, save_weights
from acapella.networks.deep_unet import DeepUNet


def load_network(path: Path) -> DeepUNet:
    """The network with the weights in a file, .hdf5 or .safetensors."""
    network = DeepUNet(2)
    load_weights(network, path)
    return network


def save_mean(paths: list[Path], output: Path) -> None:
    """Write the mean of the weights in `paths`, which were all trained from the same start."""
    states = [load_network(path).state_dict() for path in paths]
    network = DeepUNet(2)
    network.load_state_dict(
        {name: torch.stack([state[name] for state in states]).float().mean(0) for name in states[0]}
    )
    output.parent.mkdir(parents=True, exist_ok=True)
    save_weights(network, output)
