"""What is written beside the values of spectrograms."""

import pytest

from acapella.analyses.tensors import PARTS, UNITS, channel_names, value_unit
from acapella.dsp.representations import REPRESENTATIONS
from acapella.models.front_ends import SpectralFrontEnd


@pytest.mark.parametrize(
    ("representation", "channels", "names", "unit"),
    [
        ("lps", 1, ["log-power"], "log(1 + STFT amplitude)"),
        ("ri", 1, ["real part", "imaginary part"], "STFT amplitude"),
        ("amplitude", 1, ["amplitude"], "STFT amplitude"),
        ("amplitude", 2, ["left amplitude", "right amplitude"], "STFT amplitude"),
    ],
)
def test_labels_say_which_representation_it_is(representation, channels, names, unit):
    front_end = SpectralFrontEnd(representation=representation, channels=channels)
    assert channel_names(front_end) == names
    assert value_unit(front_end) == unit


def test_every_representation_has_labels():
    assert PARTS.keys() == UNITS.keys() == REPRESENTATIONS.keys()
    for name, parts in PARTS.items():
        assert len(parts) == REPRESENTATIONS[name].components
