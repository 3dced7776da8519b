from collections.abc import Iterator
from itertools import count, islice

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from acapella.dsp.overlap import pad_to_blocks, split


@given(
    frames=st.integers(0, 200),
    cuts=st.lists(st.integers(0, 200), max_size=5),
    length=st.integers(1, 60),
    context=st.integers(0, 50),
)
def test_trimmed_blocks_are_the_whole(frames, cuts, length, context):
    whole = np.arange(2 * frames).reshape(2, frames)
    pieces = np.split(whole, sorted(min(cut, frames) for cut in cuts), axis=-1)
    blocks = list(split(pieces, length, context))
    joined = [block.trim(block.frames) for block in blocks]
    np.testing.assert_array_equal(np.concatenate([np.zeros((2, 0), int), *joined], axis=-1), whole)
    assert all(piece.shape[-1] <= length for piece in joined)


@given(frames=st.integers(1, 200), length=st.integers(1, 60), context=st.integers(0, 50))
def test_every_block_has_the_context_that_there_is(frames, length, context):
    start = 0
    for block in split([np.arange(frames)], length, context):
        kept = block.frames.shape[-1] - block.before - block.after
        assert block.before == min(context, start)
        assert block.after == min(context, frames - start - kept)
        start += kept


def test_blocks_with_context_give_what_a_filter_gives_on_the_whole(rng):
    whole, kernel = rng.standard_normal(500), rng.standard_normal(9)
    blocks = split(np.array_split(whole, 7), 64, 4)
    joined = [block.trim(np.convolve(block.frames, kernel, mode="same")) for block in blocks]
    np.testing.assert_allclose(np.concatenate(joined), np.convolve(whole, kernel, mode="same"), atol=1e-12)


@given(
    cuts=st.lists(st.integers(0, 60), min_size=1, max_size=5),
    length=st.integers(1, 40),
    behind=st.integers(0, 100),
)
def test_padded_blocks_are_the_whole_and_zeros_behind(cuts, length, behind):
    whole = np.arange(1, sum(cuts) + 1)
    blocks = list(pad_to_blocks(np.split(whole, np.cumsum(cuts)[:-1]), length, behind))
    frames = np.concatenate([block.frames for block in blocks]) if blocks else np.zeros(0)
    assert all(block.frames.shape == (length,) for block in blocks)
    assert sum(block.valid for block in blocks) == len(whole)
    np.testing.assert_array_equal(frames[: len(whole)], whole)
    assert not frames[len(whole) :].any()
    assert behind <= len(frames) - len(whole) < behind + length


class Endless:
    """A source without end, in pieces of `size` frames; `read` is how many frames were taken from it."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.read = 0

    def __iter__(self) -> Iterator[np.ndarray]:
        for start in count(0, self.size):
            self.read = start + self.size
            yield np.arange(start, start + self.size)


@given(size=st.integers(1, 50), length=st.integers(1, 40), context=st.integers(0, 50))
def test_split_streams(size, length, context):
    """Each block comes with the first piece that completes it, so a source need not end, nor be held in memory."""
    source = Endless(size)
    for number, block in enumerate(islice(split(source, length, context), 6)):
        start, stop = number * length, (number + 1) * length
        np.testing.assert_array_equal(block.frames, np.arange(max(0, start - context), stop + context))
        assert source.read - size < stop + context <= source.read


@given(size=st.integers(1, 50), length=st.integers(1, 40), latency=st.integers(0, 50))
def test_padding_to_blocks_streams(size, length, latency):
    source = Endless(size)
    for number, block in enumerate(islice(pad_to_blocks(source, length, latency), 6)):
        np.testing.assert_array_equal(block.frames, np.arange(number * length, (number + 1) * length))
        assert source.read - size < (number + 1) * length <= source.read
