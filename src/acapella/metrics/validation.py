"""What every metric asks of its arguments."""

import numpy as np


def validate(reference: np.ndarray, estimate: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both as float64; ValueError where they are empty, differ in shape or are not finite."""
    reference, estimate = np.asarray(reference, np.float64), np.asarray(estimate, np.float64)
    if reference.shape != estimate.shape:
        raise ValueError(f"reference {reference.shape} and estimate {estimate.shape} differ in shape")
    if reference.size == 0:
        raise ValueError("reference and estimate are empty")
    if not (np.isfinite(reference).all() and np.isfinite(estimate).all()):
        raise ValueError("reference or estimate holds values that are not finite")
    return reference, estimate
