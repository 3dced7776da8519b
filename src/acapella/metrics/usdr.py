"""SDR of the whole signal, as the Music Demixing Challenge scores it.

Y. Mitsufuji et al., "Music Demixing Challenge 2021", Frontiers in Signal Processing 1:808395, 2022, equation 1; called
utterance SDR (uSDR) since, to tell it from BSS Eval's.
"""

import numpy as np

from acapella.metrics.validation import validate

EPSILON = 1e-7  # the challenge's; keeps the ratio finite


def usdr(reference: np.ndarray, estimate: np.ndarray) -> float:
    """Energy of `reference` over energy of its difference to `estimate` in dB, over all samples and channels at once.

    Both are (samples,) or (samples, channels). Higher is better; a silent estimate gives 0, identical signals a large
    finite number, a silent reference not-a-number.
    """
    reference, estimate = validate(reference, estimate)
    if not reference.any():
        return float("nan")
    error = np.sum((reference - estimate) ** 2)
    return float(10 * np.log10((np.sum(reference**2) + EPSILON) / (error + EPSILON)))
