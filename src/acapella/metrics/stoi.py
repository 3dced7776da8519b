"""Short-time objective intelligibility, through pystoi.

C. H. Taal, R. C. Hendriks, R. Heusdens, J. Jensen, "An Algorithm for Intelligibility Prediction of Time-Frequency
Weighted Noisy Speech", IEEE TASLP 19(7), 2011.
"""

import warnings

import numpy as np

from acapella.errors import MissingExtraError
from acapella.metrics.validation import validate

SHORTEST = 0.4  # seconds; pystoi needs 30 frames


def stoi(reference: np.ndarray, estimate: np.ndarray, sample_rate: int) -> float:
    """STOI of `estimate` for `reference`, both (samples,) or (samples, channels): 1 at best, about 0 at worst.

    It is made for speech: it tells of vocals whether the words can be understood. Channels are scored one by one and
    averaged, silent ones left out. Not-a-number where the reference has less than 0.4 s of sound.
    """
    reference, estimate = validate(reference, estimate)
    channels = zip(reference.reshape(len(reference), -1).T, estimate.reshape(len(estimate), -1).T, strict=True)
    scores = [_of_channel(*pair, sample_rate) for pair in channels]
    defined = [score for score in scores if not np.isnan(score)]
    return float(np.mean(defined)) if defined else float("nan")


def _of_channel(reference: np.ndarray, estimate: np.ndarray, sample_rate: int) -> float:
    try:
        import pystoi
    except ImportError:
        raise MissingExtraError("Scoring", "analysis") from None
    if not reference.any() or len(reference) < SHORTEST * sample_rate:
        return float("nan")
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "Not enough STFT frames", RuntimeWarning)
        try:
            return float(pystoi.stoi(reference, estimate, sample_rate))
        except RuntimeWarning:  # pystoi would return 1e-5, which looks like a score
            return float("nan")
