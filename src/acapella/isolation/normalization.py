"""One gain for all stems of a song, so that the loudest peak among them is just below full scale."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

import numpy as np

from acapella.isolation.separation import Stems
from acapella.isolation.spool import Spool
from acapella.isolation.systems import by_name, stacked

PEAK = 0.999  # of full scale: nothing clips when it is rounded


@contextmanager
def normalized(stems: Stems, names: Sequence[str], channels: int) -> Iterator[tuple[float, Stems]]:
    """The gain, and `stems` times it, which sum to the mixture times that gain. Silence is left as it is.

    The peak is known at the end only: until then the stems wait in a temporary file, 4 bytes for each sample.
    """
    peak = 0.0
    with Spool(len(names) * channels) as spool:
        with closing(stacked(stems, names)) as pieces:
            for piece in pieces:
                peak = max(peak, float(np.abs(piece).max(initial=0)))
                spool.append(piece.swapaxes(0, 1).reshape(-1, len(names) * channels))
        gain = PEAK / peak if peak else 1.0
        louder = (piece.reshape(-1, len(names), channels).swapaxes(0, 1) * np.float32(gain) for piece in spool.pieces())
        yield gain, by_name(louder, names)
