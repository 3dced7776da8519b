"""Acapella takes a song and gives back the voice and the music, each on its own.

    from acapella import Isolator

    stems = Isolator.load().isolate(audio, sample_rate)   # {"vocal": …, "instrumental": …}

Names are imported when they are first used, so that `import acapella` costs nothing.
"""

from __future__ import annotations

import os
from importlib import import_module

TYPE_CHECKING = False  # typing itself takes time to import
if TYPE_CHECKING:
    from typing import Any

    from acapella import metrics
    from acapella.errors import AcapellaError
    from acapella.experiments import train
    from acapella.isolation.isolator import Isolator
    from acapella.models.front_ends import SpectralFrontEnd
    from acapella.settings import Settings

__version__ = "0.1.0"
__all__ = ["AcapellaError", "Isolator", "Settings", "SpectralFrontEnd", "__version__", "metrics", "train"]

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before ONNX Runtime is loaded: it would keep a file in the user's home

_HOMES = {
    "AcapellaError": "acapella.errors",
    "Isolator": "acapella.isolation.isolator",
    "Settings": "acapella.settings",
    "SpectralFrontEnd": "acapella.models.front_ends",
    "train": "acapella.experiments",
}


def __getattr__(name: str) -> Any:
    if name == "metrics":
        return import_module("acapella.metrics")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'acapella' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
