import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from acapella.isolation.frame_queue import FrameQueue


@given(pushed=st.lists(st.integers(0, 9), min_size=1, max_size=20), counts=st.lists(st.integers(0, 9), max_size=20))
def test_what_goes_in_comes_out_in_order(pushed, counts):
    queue = FrameQueue(axis=-1)
    whole = np.arange(2 * sum(pushed)).reshape(2, -1)
    pieces = np.split(whole, np.cumsum(pushed)[:-1], axis=-1)
    assert sum(piece.shape[-1] for piece in queue.tap(iter(pieces))) == queue.total == queue.waiting
    taken = [np.zeros((2, 0), int)]
    for count in counts:
        taken.append(queue.take(min(count, queue.waiting)))
    taken.append(queue.take(queue.waiting))
    np.testing.assert_array_equal(np.concatenate(taken, axis=-1), whole)
