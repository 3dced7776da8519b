import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from acapella.isolation.frame_queue import FrameQueue


@given(pushed=st.lists(st.integers(0, 9), min_size=1), data=st.data())
def test_what_goes_in_comes_out_in_order(pushed, data):
    delay = FrameQueue(axis=-1)
    whole = np.arange(2 * sum(pushed)).reshape(2, -1)
    pieces = np.split(whole, np.cumsum(pushed)[:-1], axis=-1)
    assert sum(piece.shape[-1] for piece in delay.tap(iter(pieces))) == delay.total == delay.waiting
    taken = [np.zeros((2, 0), int)]
    while delay.waiting:
        taken.append(delay.take(data.draw(st.integers(0, delay.waiting))))
    np.testing.assert_array_equal(np.concatenate(taken, axis=-1), whole)
