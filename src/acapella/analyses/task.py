"""What an analysis is given."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from acapella.isolation.isolator import Isolator
from acapella.isolation.model import Model
from acapella.settings import Settings

Progress = Callable[[int, int | None], None]  # called with what is done, and of how much


@dataclass(frozen=True)
class Task:
    """The files named, the settings, and ways to get a network and to speak with the user."""

    files: tuple[Path, ...]
    settings: Settings
    open_model: Callable[[], Model]
    progress: Progress
    note: Callable[[str], None]  # takes a remark, one sentence
    points: int = 21  # of the analysis `volume`

    def open_isolator(self) -> Isolator:
        """The network, ready to take songs apart as the settings say."""
        settings = self.settings
        return Isolator(self.open_model(), phase=settings.phase, phase_iterations=settings.phase_iterations)
