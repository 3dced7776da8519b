"""Open-Unmix: recurrence over the frames of a spectrogram, between dense layers.

Source: F.-R. Stöter et al., "Open-Unmix - a reference implementation for music source separation", JOSS 4(41), 2019.
"""

import torch
from torch import Tensor, nn

from acapella.networks.recurrence import LSTM


class OpenUnmix(nn.Module):
    """Predicts gains ≥ 0 of one source from the mixture's amplitudes.

    The modules bear the names that the published checkpoints give them.

    Parameters
    ----------
    audio_channels: of the mixture
    bins, seen_bins: of the spectrum, and how many of the lowest the network sees
    hidden, layers: features inside, and layers of the LSTM
    bidirectional: whether the LSTM runs both ways, each with half of the features
    """

    def __init__(
        self,
        *,
        audio_channels: int = 2,
        bins: int = 2049,
        seen_bins: int = 1487,
        hidden: int = 512,
        layers: int = 3,
        bidirectional: bool = True,
    ) -> None:
        super().__init__()
        self.audio_channels, self.bins, self.seen_bins = audio_channels, bins, seen_bins
        self.input_mean, self.input_scale = nn.Parameter(torch.zeros(seen_bins)), nn.Parameter(torch.ones(seen_bins))
        self.output_mean, self.output_scale = nn.Parameter(torch.ones(bins)), nn.Parameter(torch.ones(bins))
        self.fc1, self.bn1 = _dense(audio_channels * seen_bins, hidden)
        self.lstm = LSTM(hidden, hidden // 2 if bidirectional else hidden, layers, bidirectional=bidirectional)
        self.fc2, self.bn2 = _dense(2 * hidden, hidden)
        self.fc3, self.bn3 = _dense(hidden, audio_channels * bins)

    def forward(self, mixture: Tensor) -> Tensor:
        """Gains for each channel, bin and frame.

        Axes: b batch, c audio channels, f bins, t frames, h features.

        Shape:
            - mixture: (b, c, f, t), amplitudes
            - returns: the same
        """
        batch, channels, _, frames = mixture.shape
        seen = mixture[:, :, : self.seen_bins].permute(0, 3, 1, 2)  # b t c f
        seen = (seen + self.input_mean) * self.input_scale
        values = torch.tanh(_normalized(self.bn1, self.fc1(seen.flatten(2))))  # b t h
        values = torch.cat([values, self.lstm(values)], dim=2)
        values = torch.relu(_normalized(self.bn2, self.fc2(values)))
        gains = _normalized(self.bn3, self.fc3(values)).reshape(batch, frames, channels, self.bins)
        gains = torch.relu(gains * self.output_scale + self.output_mean)
        return gains.permute(0, 2, 3, 1)


def _dense(inputs: int, outputs: int) -> tuple[nn.Linear, nn.BatchNorm1d]:
    return nn.Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs)


def _normalized(norm: nn.BatchNorm1d, values: Tensor) -> Tensor:
    """(b t h), each feature normalized over the other axes."""
    result: Tensor = norm(values.flatten(0, 1)).reshape(values.shape)
    return result
