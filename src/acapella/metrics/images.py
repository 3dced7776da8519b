"""BSS Eval v4 (F.-R. Stöter, A. Liutkus, N. Ito, "The 2018 Signal Separation Evaluation Campaign", LVA/ICA 2018)."""

from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import numpy as np

from acapella.errors import MissingExtraError
from acapella.metrics.validation import validate


class Ratios(NamedTuple):
    """Ratios in dB, each (sources, windows); higher is better."""

    sdr: np.ndarray  # to everything that is wrong
    isr: np.ndarray  # to filtering and panning
    sir: np.ndarray  # to what is left of the other sources
    sar: np.ndarray  # to artefacts


def bss_eval(references: np.ndarray, estimates: np.ndarray, sample_rate: int) -> Ratios:
    """Ratios of each source in windows of 1 s, through museval, as SiSEC and MUSDB18 use them.

    `references` and `estimates` are (sources, samples, channels). A filter of 512 taps, one for the whole signal, is
    allowed between them. A window in which any source is silent, in reference or estimate, has not-a-number for all;
    so has every window of signals of which one is silent throughout. museval takes a source for silent where its
    channels add up to nothing.

    Where references lack a band (lossy coding removes the highest), SIR and SAR are ill-conditioned: museval's may be
    many dB too low. SDR is not touched by this.
    """
    references, estimates = validate(references, estimates)
    if references.ndim != 3:
        raise ValueError(f"sources must be (sources, samples, channels), not {references.shape}")
    sources, samples, _ = references.shape
    undefined = Ratios(*np.full((4, sources, max(1, samples // sample_rate)), np.nan))
    if not all(signals.sum(axis=2).any(axis=1).all() for signals in (references, estimates)):
        return undefined
    try:
        *ratios, _ = _museval_metrics().bss_eval(references, estimates, window=sample_rate, hop=sample_rate)
    except AttributeError as error:
        # museval 0.4.1 asks for numpy.linalg.linalg, which numpy 2 no longer has, where the references, delayed by up
        # to 511 samples, depend on each other so strictly that their equations have no solution
        if error.name != "linalg":
            raise
        return undefined
    return Ratios(*ratios)


@cache
def _museval_metrics() -> ModuleType:
    """museval/metrics.py alone: importing the package fails where no ffmpeg program is installed."""
    package = find_spec("museval")
    if package is None or package.origin is None:
        raise MissingExtraError("Scoring", "analysis")
    loader = SourceFileLoader("museval_metrics", str(Path(package.origin).with_name("metrics.py")))
    module = ModuleType(loader.name)
    loader.exec_module(module)
    return module
