"""Networks, by the name that MODEL gives them."""

from collections.abc import Callable

from acapella.networks.acapellabot import acapellabot
from acapella.networks.deep_unet import DeepUNet
from acapella.networks.leaky_dropout import leaky_dropout
from acapella.networks.network import Network, NetworkParams, TensorShape
from acapella.networks.tfc_tdf import TFCTDF
from acapella.registry import choose

__all__ = ["NETWORKS", "Network", "NetworkParams", "TensorShape", "build_network"]

NETWORKS: dict[str, Callable[[TensorShape, NetworkParams], Network]] = {
    "acapellabot": lambda shape, _: acapellabot(shape.channels),
    "leaky_dropout": lambda shape, params: leaky_dropout(
        shape.channels, params.alpha1, params.alpha2, params.rate, signed=shape.signed
    ),
    "deep_unet": lambda shape, _: DeepUNet(shape.channels),
    "tfc_tdf": lambda shape, _: TFCTDF(shape.channels, shape.bins, signed=shape.signed),
}


def build_network(name: str, channels: int, bins: int, params: NetworkParams, *, signed: bool) -> Network:
    """The network `name`, freshly initialized; sizes and `signed` as in `TensorShape`."""
    return choose(NETWORKS, name, "MODEL")(TensorShape(channels, bins, signed), params)
