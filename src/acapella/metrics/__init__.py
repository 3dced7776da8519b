"""How good a separation is: one validated function a metric, over arrays."""

from acapella.metrics.si_sdr import si_sdr
from acapella.metrics.sources import nsdr, sdr

__all__ = ["nsdr", "sdr", "si_sdr"]
