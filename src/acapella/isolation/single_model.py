"""One model as a system."""

from collections.abc import Sequence

from acapella.errors import UsageError
from acapella.isolation.iterative_phase import can_reconstruct
from acapella.isolation.model import Model
from acapella.isolation.separation import Separation, SongStatistics, Stems
from acapella.isolation.systems import AvailableStems, Start
from acapella.models.front_ends import SpectralFrontEnd

PHASES = ("mixture", "iterative")
NO_SUM = "phase='iterative': each song is held in memory, and its stems do not sum to it."


class SingleModel:
    """One model; `phase`, `phase_iterations` and `block_frames` as `Isolator` says; `remarks` as `System` does."""

    def __init__(
        self,
        model: Model,
        *,
        phase: str = "mixture",
        phase_iterations: int = 10,
        block_frames: int | None = None,
        remarks: tuple[str, ...] = (),
    ) -> None:
        if phase not in PHASES:
            raise UsageError(f"phase={phase!r} is not one of: {', '.join(PHASES)}.", "phase")
        self.description = model.description
        front_end = self.description.front_end
        has_phase = not isinstance(front_end, SpectralFrontEnd) or front_end.has_phase
        self.sums_to_mixture = phase == "mixture" or has_phase
        if not self.sums_to_mixture and not can_reconstruct(self.description):
            raise UsageError(
                "phase='iterative' needs a model that sees all frequencies, which this one does not.", "phase"
            )
        self.remarks = remarks if self.sums_to_mixture else (*remarks, NO_SUM)
        self.available = AvailableStems(
            self.description.stems, self.description.default_stems, self.description.summing_stems
        )
        self._model = model
        self._iterations = phase_iterations
        self._block_frames = block_frames

    def stream(self, start: Start, sample_rate: int, channels: int, stems: Sequence[str]) -> Stems:
        """As the protocol says."""
        separation = Separation(self._model, sample_rate, channels, self._block_frames)
        statistics = separation.measure(start()) if separation.needs_statistics else SongStatistics()
        if self.sums_to_mixture:
            return separation.run(start(), statistics, stems)
        return separation.run_with_iterative_phase(start(), statistics, stems, self._iterations)
