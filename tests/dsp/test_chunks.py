from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acapella.dsp.chunks import OverlapAdd, cut_chunks, window


@dataclass(frozen=True)
class Grid:
    """A chunk schedule."""

    length: int = 100
    step: int = 50
    window: str = "linear"
    fade: int = 10
    border: int = 0
    edges: str = "reflect"
    multiple: int = 0
    tail: str = "reflect"


GRIDS = st.builds(
    Grid,
    length=st.just(100),
    step=st.sampled_from([25, 50, 75, 100]),
    window=st.sampled_from(["linear", "triangular", "hann"]),
    fade=st.sampled_from([0, 1, 10, 50]),
    border=st.sampled_from([0, 20, 75]),
    edges=st.sampled_from(["reflect", "zeros"]),
    multiple=st.sampled_from([0, 60]),
    tail=st.sampled_from(["reflect", "zeros", "centred"]),
)


def process(audio, grid, network=lambda chunk: chunk, cuts=()):
    overlap_add = OverlapAdd()
    pieces = np.split(audio, sorted(min(cut, audio.shape[-1]) for cut in cuts), axis=-1)
    parts = [overlap_add.push(network(chunk.audio), chunk) for chunk in cut_chunks(pieces, grid)]
    return np.concatenate([*parts, overlap_add.finish(audio.shape[-1])], axis=-1)


def noise(samples, channels=2):
    return np.random.default_rng(0).standard_normal((channels, samples)).astype(np.float32)


@given(grid=GRIDS, samples=st.integers(1, 700), cuts=st.lists(st.integers(0, 700), max_size=4))
def test_an_identity_gives_the_song_back(grid, samples, cuts):
    audio = noise(samples)
    for chunk in cut_chunks([audio], grid):
        assert chunk.audio.shape == (2, 100)
        assert chunk.offset + len(chunk.weights) <= 100
    np.testing.assert_allclose(process(audio, grid, cuts=cuts), audio, atol=2e-6)


def reference(audio, grid, network):
    """The definition for a reflected border, on the whole song: weighted sum of all chunks by sum of weights."""
    border = grid.border if audio.shape[-1] > 2 * grid.border else 0
    padded = np.pad(audio, ((0, 0), (border, border)), mode="reflect")
    total = padded.shape[-1]
    result, weights = np.zeros_like(padded, np.float64), np.zeros(total)
    for start in range(0, total, grid.step):
        part = padded[:, start : start + grid.length]
        valid = part.shape[-1]
        mode = "reflect" if valid > grid.length // 2 + 1 else "constant"
        filled = np.pad(part, ((0, 0), (0, grid.length - valid)), mode=mode)
        weight = np.ones(grid.length)
        if start > 0:
            weight[: grid.fade] = np.linspace(0, 1, grid.fade)
        if start + grid.step < total:
            weight[grid.length - grid.fade :] *= np.linspace(1, 0, grid.fade)
        result[:, start : start + valid] += (network(filled) * weight)[:, :valid]
        weights[start : start + valid] += weight[:valid]
    return (result / np.maximum(weights, 1e-8))[:, border : border + audio.shape[-1]]


@pytest.mark.parametrize("samples", [30, 99, 100, 151, 340, 1001])
@pytest.mark.parametrize(("step", "border"), [(50, 0), (50, 50), (25, 75), (75, 25)])
def test_chunks_are_weighted_as_defined(samples, step, border):
    """The network makes each chunk another number, so that the weights can be read off the result."""
    audio, grid = noise(samples), Grid(step=step, border=border)

    def network(chunk):
        return chunk * np.float32(1 + abs(chunk[0, 0]))

    expected = reference(audio, grid, network)
    np.testing.assert_allclose(process(audio, grid, network, cuts=(7, 120, 333)), expected, atol=1e-5)


def test_chunks_come_before_the_song_has_ended():
    def endless():
        while True:
            yield np.ones((1, 37), np.float32)

    chunks = cut_chunks(endless(), Grid(border=20))
    assert [next(chunks).start for _ in range(5)] == [-20, 30, 80, 130, 180]


def test_the_last_chunk_may_be_centred():
    audio = np.arange(1, 131, dtype=np.float32)[None]
    first, second, third = cut_chunks([audio], Grid(tail="centred", window="triangular"))
    assert (first.start, second.start, third.start) == (0, 50, 100)
    np.testing.assert_array_equal(first.audio[0], np.arange(1, 101))
    np.testing.assert_array_equal(third.audio[0], [*range(66, 131), *[0] * 35])  # 35 samples before the last 30
    assert (third.offset, len(third.weights)) == (35, 30)


def test_padding_to_a_multiple_makes_more_chunks_but_none_behind_the_song():
    grid = Grid(edges="zeros", border=20, multiple=60)
    chunks = list(cut_chunks([noise(70)], grid))
    assert [chunk.start for chunk in chunks] == [-20, 30]
    assert not chunks[0].audio[:, :20].any()
    assert [len(chunk.weights) for chunk in chunks] == [100, 100]  # of 20 + 70 + 20 + 50 samples in all


def test_windows():
    assert window(Grid(), 100, first=True, last=True).min() == 1
    assert window(Grid(), 100, first=False, last=True)[:10] == pytest.approx(np.linspace(0, 1, 10), abs=1e-6)
    assert window(Grid(), 60, first=True, last=False).min() == 1  # the ramp lies behind the end
    triangular = window(Grid(window="triangular"), 100, first=False, last=False)
    assert triangular[[0, 49, 50, 99]] == pytest.approx([0.02, 1, 1, 0.02])
    assert window(Grid(window="hann"), 51, first=False, last=False)[25] == 1


def test_nothing_gives_nothing():
    assert list(cut_chunks([], Grid())) == []
    assert list(cut_chunks([np.zeros((2, 0), np.float32)], Grid(edges="zeros", border=5))) == []
    assert OverlapAdd().finish(0) is None
