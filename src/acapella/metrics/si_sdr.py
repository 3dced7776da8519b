"""Scale-invariant signal-to-distortion ratio (J. Le Roux et al., "SDR – half-baked or well done?", ICASSP 2019)."""

import numpy as np

from acapella.metrics.validation import validate


def si_sdr(reference: np.ndarray, estimate: np.ndarray) -> float:
    """SI-SDR in dB of `estimate` for `reference`, both (samples,) or (samples, channels).

    Channels are taken as one long signal. Higher is better; identical signals give infinity, a silent estimate
    minus infinity, a silent reference not-a-number.
    """
    reference, estimate = (signal.ravel() for signal in validate(reference, estimate))
    energy = float(reference @ reference)
    if energy == 0:
        return float("nan")
    projection = reference * (float(estimate @ reference) / energy)
    error = estimate - projection
    with np.errstate(divide="ignore"):
        signal_energy, error_energy = float(projection @ projection), float(error @ error)
        if signal_energy == 0:
            return float("-inf")
        return float(10 * np.log10(np.float64(signal_energy) / np.float64(error_energy)))
