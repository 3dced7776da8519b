"""A model before its export: a network of torch, and the description of its model."""

from dataclasses import dataclass

from torch import nn

from acapella.isolation.model import MIXTURE
from acapella.models.description import ModelDescription
from acapella.models.front_ends import HybridFrontEnd, WaveformFrontEnd
from acapella.models.schedules import Chunks


@dataclass(frozen=True)
class TorchModel:
    """A network with its weights, and what is to be known to run it."""

    network: nn.Module
    description: ModelDescription

    @property
    def inputs(self) -> dict[str, tuple[int, ...]]:
        """The shape of each input of a network that takes chunks, by name: that of one chunk."""
        front_end, schedule = self.description.front_end, self.description.schedule
        assert isinstance(schedule, Chunks)
        waveform = (1, front_end.channels, schedule.length)
        if isinstance(front_end, WaveformFrontEnd):
            return {MIXTURE: waveform}
        frames = front_end.stft.frames(schedule.length + schedule.padding)
        if isinstance(front_end, HybridFrontEnd):
            return {MIXTURE: waveform, "spectrum": (1, 2 * front_end.channels, front_end.stft.bins, frames)}
        return {MIXTURE: (1, front_end.tensor_channels, front_end.bins, frames)}

    @property
    def outputs(self) -> list[str]:
        """The names of the network's outputs."""
        return ["spectra", "waveforms"] if self.description.output.kind == "hybrid" else ["target"]
