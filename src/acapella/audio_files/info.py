"""What is known about the audio in a file before it is decoded."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class AudioInfo:
    """What a file says about its audio."""

    sample_rate: int  # in Hz
    channels: int
    samples: int | None  # of each channel; None: known only at the end
    subtype: str | None  # "PCM_16", "PCM_24", "FLOAT", …; None: lossy
    tags: dict[str, str] = field(default_factory=dict)  # title and artist, where there
    seconds: float | None = None  # the length, good enough for a progress bar


Decoded = tuple[AudioInfo, Callable[[int], Iterator[np.ndarray]]]  # and pieces (samples, channels), from a sample on


def useful_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Title and artist, where they are there and say something."""
    named = {key.lower(): text.encode("utf-8", "replace").decode() for key, text in tags.items()}
    cleaned = {key: named[key].replace("\0", "").strip() for key in ("title", "artist") if key in named}
    return {key: text for key, text in cleaned.items() if text}
