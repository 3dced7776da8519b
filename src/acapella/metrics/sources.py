"""BSS Eval v3 "sources" (E. Vincent, R. Gribonval, C. Févotte, IEEE TASLP 14(4), 2006), through mir_eval.

NSDR and GNSDR are those of the literature on MIR-1K (C.-L. Hsu, J.-S. R. Jang, "On the Improvement of Singing Voice
Separation for Monaural Recordings Using the MIR-1K Dataset", IEEE TASLP 18(2), 2010). All signals are mono.
"""

import warnings

import numpy as np

from acapella.errors import MissingExtraError
from acapella.metrics.validation import validate


def bss_eval_sources(references: np.ndarray, estimates: np.ndarray) -> np.ndarray:
    """SDR, SIR and SAR in dB of each source, (3, sources); `references` and `estimates` are (sources, samples).

    A filter of 512 taps is allowed between reference and estimate. Higher is better. Where any source is silent, in
    reference or estimate, all get not-a-number.
    """
    references, estimates = validate(references, estimates)
    if references.ndim != 2:
        raise ValueError(f"sources must be (sources, samples), not {references.shape}")
    if not (references.any(axis=1).all() and estimates.any(axis=1).all()):
        return np.full((3, len(references)), np.nan)
    try:
        from mir_eval.separation import bss_eval_sources as evaluate
    except ImportError:
        raise MissingExtraError("Scoring", "analysis") from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # mir_eval plans to move its separation module
        return np.stack(evaluate(references, estimates, compute_permutation=False)[:3])


def sdr(references: np.ndarray, estimates: np.ndarray) -> np.ndarray:
    """SDR in dB of each source, (sources,), of `bss_eval_sources`."""
    ratios: np.ndarray = bss_eval_sources(references, estimates)[0]
    return ratios


def nsdr(references: np.ndarray, estimates: np.ndarray, mixture: np.ndarray) -> np.ndarray:
    """How many dB the SDR of each source rises over the mixture (samples,) taken as the estimate."""
    unprocessed = np.broadcast_to(mixture, np.shape(references))
    improvement: np.ndarray = sdr(references, estimates) - sdr(references, unprocessed)
    return improvement


def gnsdr(nsdrs: np.ndarray, lengths: np.ndarray) -> float:
    """Global NSDR in dB: the mean of the tracks' `nsdrs` (tracks,), weighted by their `lengths` (tracks,) in any unit.

    Tracks whose NSDR is not-a-number do not count; without any other, neither has the whole.
    """
    values, weights = np.asarray(nsdrs, np.float64), np.asarray(lengths, np.float64)
    if values.shape != weights.shape or values.ndim != 1:
        raise ValueError(f"nsdrs {values.shape} and lengths {weights.shape} must both be (tracks,)")
    if not (weights > 0).all():
        raise ValueError("lengths must be positive")
    defined = ~np.isnan(values)
    return float(np.average(values[defined], weights=weights[defined])) if defined.any() else float("nan")
