"""The network of the acapellabot project."""

from acapella.networks.unet import UNet


def acapellabot(channels: int) -> UNet:
    """UNet with ReLU everywhere, after the last convolution too, and no dropout.

    Source: https://github.com/madebyollin/acapellabot (2017).
    """
    return UNet(channels, body=0, tail=0, last=0)
