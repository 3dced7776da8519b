"""What every network says about itself."""

from dataclasses import dataclass
from typing import Protocol

from torch import nn

from acapella.networks.streaming import StreamingNetwork


class Network(nn.Module):
    """Predicts the target's spectrogram from the mixture's: (batch, channel, freq, time) to the same shape, float32.

    Attributes
    ----------
    stride
        A spectrogram that is cut into blocks gives the values of the whole only where blocks start at multiples of so
        many frames.
    context
        So many frames on either side of an output frame can influence it.
    bins
        The only number of bins that it takes; None: any.
    level_invariant
        Whether a mixture k times as loud gives a target k times as loud.
    keras_layout
        Whether its weights are kept in Keras' HDF5, as the original's are.
    """

    stride: int
    context: int
    bins: int | None = None
    level_invariant = False
    keras_layout = False

    def streaming(self, bins: int) -> StreamingNetwork | None:
        """The network for a song of `bins` bins that comes piece by piece; None where it has no such form."""
        return None


@dataclass(frozen=True)
class TensorShape:
    """What a network is to be made for.

    Parameters
    ----------
    channels, bins
        Sizes of the mixture's tensor.
    signed
        Whether its values lie on both sides of zero (real and imaginary parts, in turn) or are amplitudes.
    """

    channels: int
    bins: int
    signed: bool


class NetworkParams(Protocol):
    """What MODEL_PARAMS says; a network takes from it what it knows.

    Parameters
    ----------
    alpha1
        Slope of the activations below zero.
    alpha2
        The same in the last four convolutions.
    rate
        Share of values that dropout sets to zero.
    """

    @property
    def alpha1(self) -> float: ...  # noqa: D102

    @property
    def alpha2(self) -> float: ...  # noqa: D102

    @property
    def rate(self) -> float: ...  # noqa: D102
