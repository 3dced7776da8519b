"""BSS Eval v3 "sources" (E. Vincent, R. Gribonval, C. Févotte, IEEE TASLP 14(4), 2006), through mir_eval."""

import warnings

import numpy as np

from acapella.errors import MissingExtraError
from acapella.metrics.validation import validate


def sdr(references: np.ndarray, estimates: np.ndarray) -> np.ndarray:
    """SDR in dB of each source; `references` and `estimates` are (sources, samples).

    A filter of 512 taps is allowed between reference and estimate. A silent reference gives not-a-number.
    """
    references, estimates = validate(references, estimates)
    if references.ndim != 2:
        raise ValueError(f"sources must be (sources, samples), not {references.shape}")
    if not references.any(axis=1).all():
        return np.full(len(references), np.nan)
    try:
        from mir_eval.separation import bss_eval_sources
    except ImportError:
        raise MissingExtraError("Scoring", "analysis") from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # mir_eval plans to move its separation module
        ratios: np.ndarray = bss_eval_sources(references, estimates, compute_permutation=False)[0]
    return ratios


def nsdr(references: np.ndarray, estimates: np.ndarray, mixture: np.ndarray) -> np.ndarray:
    """How many dB the SDR of each source rises over the mixture (samples,) taken as the estimate."""
    unprocessed = np.broadcast_to(mixture, np.shape(references))
    improvement: np.ndarray = sdr(references, estimates) - sdr(references, unprocessed)
    return improvement
