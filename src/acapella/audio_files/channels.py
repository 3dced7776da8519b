"""Fit audio of 1 to 8 channels to a network for one or two.

A mono network takes each channel on its own. A stereo network takes pairs; a single channel, mono or the last of an
odd number, is doubled, and the mean of both results comes back.
"""

import numpy as np


def to_network_channels(audio: np.ndarray, network_channels: int) -> np.ndarray:
    """(samples, channels) to (batch * network_channels, samples)."""
    channels = audio.T
    missing = -len(channels) % network_channels
    return np.concatenate([channels, channels[len(channels) - missing :]]) if missing else channels


def from_network_channels(separated: np.ndarray, channels: int, network_channels: int) -> np.ndarray:
    """(batch * network_channels, samples) back to (samples, channels)."""
    kept = separated[:channels]
    if channels % network_channels:
        kept = np.concatenate([kept[:-1], separated[channels - 1 :].mean(axis=0, keepdims=True)])
    return kept.T
