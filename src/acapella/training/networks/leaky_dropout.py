"""The acapellabot network with leaky activations and dropout."""

from functools import partial

from torch import nn

from acapella.training.networks.unet import UNet


def leaky_dropout(channels: int, alpha1: float, alpha2: float, rate: float, *, signed: bool) -> UNet:
    """UNet with LeakyReLU(`alpha1`), LeakyReLU(`alpha2`) in the last four convolutions, and dropout `rate`.

    For amplitudes the last convolution is followed by LeakyReLU(`alpha2`) as well; for `signed` values (real and
    imaginary parts) by nothing.
    """
    tail = partial(nn.LeakyReLU, alpha2)
    return UNet(
        channels,
        body=partial(nn.LeakyReLU, alpha1),
        tail=tail,
        last=nn.Identity if signed else tail,
        dropout=rate,
    )
