"""What tests need to send made songs through streaming layers and networks."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from acapella.networks.streaming import StreamingLayer, StreamingNetwork


def through_layer(layer: StreamingLayer, song: Tensor, lengths: Sequence[int]) -> Tensor:
    """All that `layer` gives for a `song` (1, c, t, f) in pieces of `lengths` frames in turn, without its latency."""
    factor = layer.output.stride / layer.source.stride  # input frames in one output frame
    wanted = round(song.shape[2] / factor)
    padded = F.pad(song, (0, 0, 0, round(layer.output.latency * factor) + 2 * max(lengths)))
    pieces, start = [], 0
    layer.reset()
    while sum(piece.shape[2] for piece in pieces) < wanted + layer.output.latency:
        length = lengths[len(pieces) % len(lengths)]
        pieces.append(layer(padded[:, :, start : start + length]))
        start += length
    return torch.cat(pieces, dim=2)[:, :, layer.output.latency :][:, :, :wanted]


def through_network(network: StreamingNetwork, song: Tensor, lengths: Sequence[int]) -> Tensor:
    """Target of a `song`, both (1, c, f, t), which comes in pieces of `lengths` frames in turn."""
    frames = song.shape[-1]
    padded = F.pad(song.transpose(2, 3), (0, 0, 0, network.latency + max(lengths)))
    valid = (torch.arange(padded.shape[2]) < frames).float()[None, None, :, None]
    pieces, start = [], 0
    network.reset()
    while start < frames + network.latency:
        piece = slice(start, start + lengths[len(pieces) % len(lengths)])
        pieces.append(network(padded[:, :, piece], valid[:, :, piece]))
        start = piece.stop
    return torch.cat(pieces, dim=2)[:, :, network.latency :][:, :, :frames].transpose(2, 3)


def shake(network: nn.Module) -> None:
    """Give normalizations something to do, so that a wrong one shows."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.bias, std=0.3)
            nn.init.uniform_(module.weight, 0.5, 1.5)
