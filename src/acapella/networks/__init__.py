"""Networks, by the name that MODEL gives them."""

from collections.abc import Callable
from typing import Protocol

from acapella.networks.acapellabot import acapellabot
from acapella.networks.deep_unet import DeepUNet
from acapella.networks.leaky_dropout import leaky_dropout
from acapella.networks.tfc_tdf import TFCTDF
from acapella.networks.unet import UNet
from acapella.registry import choose

__all__ = ["NETWORKS", "Network", "NetworkParams", "build_network"]

Network = UNet | DeepUNet | TFCTDF  # modules that say their `stride` and `reach`, and the `bins` they need or None


class NetworkParams(Protocol):
    """What MODEL_PARAMS says; a network takes from it what it knows."""

    @property
    def alpha1(self) -> float:
        """Slope of the activations below zero."""

    @property
    def alpha2(self) -> float:
        """The same in the last four convolutions."""

    @property
    def rate(self) -> float:
        """Share of values that dropout sets to zero."""


NETWORKS: dict[str, Callable[[int, int, NetworkParams, bool], Network]] = {
    "acapellabot": lambda channels, *_: acapellabot(channels),
    "leaky_dropout": lambda channels, _, params, signed: leaky_dropout(
        channels, params.alpha1, params.alpha2, params.rate, signed=signed
    ),
    "deep_unet": lambda channels, *_: DeepUNet(channels),
    "tfc_tdf": lambda channels, bins, _, signed: TFCTDF(channels, bins, signed=signed),
}


def build_network(name: str, channels: int, bins: int, params: NetworkParams, *, signed: bool) -> Network:
    """The network `name`, freshly initialized, for tensors of `channels` channels and `bins` frequencies.

    `signed`: whether their values lie on both sides of zero (real and imaginary parts) or are amplitudes.
    """
    return choose(NETWORKS, name, "MODEL")(channels, bins, params, signed)
