import numpy as np
import pytest

from acapella.audio_files.channels import from_network_channels, to_network_channels


@pytest.mark.parametrize("channels", range(1, 9))
@pytest.mark.parametrize("network_channels", [1, 2])
def test_there_and_back_changes_nothing(channels, network_channels, rng):
    audio = rng.standard_normal((50, channels)).astype(np.float32)
    rows = to_network_channels(audio, network_channels)
    assert len(rows) % network_channels == 0
    np.testing.assert_allclose(from_network_channels(rows, channels, network_channels), audio, rtol=1e-6)


def test_a_stereo_network_takes_mono_twice_and_averages_the_results():
    rows = to_network_channels(np.ones((4, 1), np.float32), 2)
    assert rows.shape == (2, 4)
    result = from_network_channels(rows * [[1], [3]], 1, 2)
    np.testing.assert_array_equal(result, np.full((4, 1), 2))


def test_a_stereo_network_takes_three_channels_as_a_pair_and_a_single():
    audio = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(to_network_channels(audio, 2), audio.T[[0, 1, 2, 2]])
