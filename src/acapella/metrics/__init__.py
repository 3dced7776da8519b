"""How good a separation is: one validated function a metric, over arrays.

| function | what | unit, best | through |
|---|---|---|---|
| `bss_eval` | BSS Eval v4 in windows of 1 s: SDR, ISR, SIR, SAR | dB, infinity | museval |
| `sdr`, `nsdr`, `gnsdr` | BSS Eval v3 of mono sources; its rise over the mixture | dB, infinity | mir_eval |
| `si_sdr` | scale-invariant SDR | dB, infinity | |
| `usdr` | SDR of the whole signal | dB, large | |
| `stoi` | intelligibility | 1 | pystoi |

What is not defined, because a reference is silent for example, is not-a-number.
"""

from acapella.metrics.images import Ratios, bss_eval
from acapella.metrics.si_sdr import si_sdr
from acapella.metrics.sources import gnsdr, nsdr, sdr
from acapella.metrics.stoi import stoi
from acapella.metrics.usdr import usdr

__all__ = ["Ratios", "bss_eval", "gnsdr", "nsdr", "sdr", "si_sdr", "stoi", "usdr"]
