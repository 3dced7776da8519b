"""The acapellabot network with leaky activations and dropout."""

from acapella.networks.unet import NO_ACTIVATION, UNet


def leaky_dropout(channels: int, alpha1: float, alpha2: float, rate: float, *, signed: bool) -> UNet:
    """UNet with LeakyReLU(`alpha1`), LeakyReLU(`alpha2`) in the last four convolutions, and dropout `rate`.

    For amplitudes the last convolution is followed by LeakyReLU(`alpha2`) as well; for `signed` values (real and
    imaginary parts) by nothing.
    """
    last = NO_ACTIVATION if signed else alpha2
    return UNet(channels, body=alpha1, tail=alpha2, last=last, dropout=rate)
