"""What a training asks its user."""

from typing import Protocol


class Questions(Protocol):
    """Questions to the user."""

    def more_epochs(self) -> int:
        """Number of epochs to add; 0 ends the training."""

    def save(self) -> bool:
        """Whether to save the weights."""


class NobodyThere:
    """Answers without a user: no more epochs, and save."""

    def more_epochs(self) -> int:
        """None."""
        return 0

    def save(self) -> bool:
        """Yes."""
        return True
