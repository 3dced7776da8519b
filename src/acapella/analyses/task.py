"""The input of an analysis."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from acapella.isolation.isolator import Isolator
from acapella.isolation.model import Model
from acapella.settings import Settings

Progress = Callable[[int, int | None], None]  # called with what is done, and of how much


@dataclass(frozen=True)
class Task:
    """Files and settings, and functions that open a network, report progress and print remarks."""

    files: tuple[Path, ...]
    settings: Settings
    open_model: Callable[[], Model]
    progress: Progress
    note: Callable[[str], None]  # takes a remark, one sentence
    points: int = 21  # of the analysis `volume`

    def open_isolator(self) -> Isolator:
        """An isolator with the network, and with the phase that the settings choose."""
        settings = self.settings
        return Isolator(self.open_model(), phase=settings.phase, phase_iterations=settings.phase_iterations)
