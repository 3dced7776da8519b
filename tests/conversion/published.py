"""Other people's tiny checkpoints, and what their own programs make of a mixture with them."""

from pathlib import Path

import numpy as np
import soundfile

from acapella import Isolator


def error_db(isolator: Isolator, folder: Path, name: str, gain: float = 1.0) -> float:
    """Energy of the difference between our vocals, divided by `gain`, and the reference's, relative to these, in dB."""
    mixture, rate = soundfile.read(folder / "mixture.flac", dtype="float32", always_2d=True)
    reference, _ = soundfile.read(folder / f"{name}.vocals.flac", dtype="float64", always_2d=True)
    vocal = isolator.isolate(mixture, rate, ["vocal"])["vocal"] / gain
    assert vocal.shape == reference.shape
    return float(10 * np.log10(np.sum((vocal - reference) ** 2) / np.sum(reference**2)))
