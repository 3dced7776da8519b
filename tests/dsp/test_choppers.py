import ast
from dataclasses import dataclass

import numpy as np
import pytest

from acapella.dsp.choppers import CHOPPERS


@dataclass
class Slicing:
    scale: int = 128
    step: tuple[int, int] = (64, 64)
    slices: int = 256
    upper: bool = False
    filter: str = "mean"


CASES = 18


def parse(case: str) -> tuple[str, Slicing]:
    """Name and parameters of a chopper, `tile|{'scale': 128, …}`."""
    name, text = case.split("|")
    parameters = ast.literal_eval(text)
    return name, Slicing(**{**parameters, "step": (parameters["step"],) * 2})


@pytest.mark.parametrize("case", range(CASES))
def test_slices_lie_where_the_originals_lie(golden_excerpt, case):
    with np.load(golden_excerpt / "choppers.npz") as vectors:
        assert len(vectors["cases"]) == CASES
        name, slicing = parse(str(vectors["cases"][case]))
        target, expected = vectors["target"].transpose(2, 0, 1), vectors[f"rectangles{case}"]
        found = CHOPPERS[name](target.shape[1:], slicing, target=target * np.float32(vectors["step"]))
    assert [tuple(rectangle) for rectangle in found] == [tuple(rectangle) for rectangle in expected]


@pytest.mark.parametrize("case", range(CASES))
def test_slices_are_the_originals(golden, case):
    vectors = np.load(golden / "choppers.npz")
    name, slicing = parse(str(vectors["cases"][case]))
    mixture, vocals = (vectors[key].transpose(2, 0, 1) for key in ("mixture", "vocals"))
    rectangles = CHOPPERS[name](mixture.shape[1:], slicing, target=vocals)
    for key, tensor in (("mix", mixture), ("voc", vocals)):
        slices = [rectangle.cut(tensor).transpose(1, 2, 0) for rectangle in rectangles]
        reference = vectors[f"chop{case}_{key}"]
        assert [piece.shape for piece in slices] == [tuple(row) for row in reference[:, 3:].astype(int)]
        np.testing.assert_allclose([s.sum(dtype=np.float64) for s in slices], reference[:, 0], rtol=1e-3)
        np.testing.assert_array_equal([s.flat[0] for s in slices], reference[:, 1].astype(np.float32))
        np.testing.assert_array_equal([s.flat[-1] for s in slices], reference[:, 2].astype(np.float32))


@pytest.mark.parametrize(("name", "height"), [("random", 32), ("random_full", 99)])
def test_random_slices_lie_inside_and_differ(name, height, rng):
    rectangles = CHOPPERS[name]((100, 500), Slicing(scale=32, slices=50), rng=rng)
    assert len(rectangles) == 50
    assert len(set(rectangles)) > 40
    for low, high, start, stop in rectangles:
        assert low >= 0
        assert high <= 100
        assert start >= 0
        assert stop <= 500
        assert (high - low, stop - start) == (height, 32)


def test_random_slices_reach_both_ends(rng):
    starts = {r.start for r in CHOPPERS["random"]((8, 10), Slicing(scale=8, slices=200), rng=rng)}
    assert starts == {0, 1, 2}


def test_upper_keeps_the_low_half(rng):
    for name in ("tile", "full", "sliding", "sliding_full", "random", "random_full"):
        rectangles = CHOPPERS[name]((64, 64), Slicing(scale=16, step=(4, 4), slices=9, upper=True), rng=rng)
        assert rectangles
        assert max(r.high for r in rectangles) <= 32, name


def test_infere_covers_everything_once():
    rectangles = CHOPPERS["infere"]((10, 25), Slicing(scale=10))
    assert [tuple(r) for r in rectangles] == [(0, 10, 0, 10), (0, 10, 10, 20), (0, 10, 20, 25)]


@pytest.mark.parametrize("name", [name for name in CHOPPERS if name != "infere"])
def test_a_track_shorter_than_a_slice_gives_none(name, rng):
    target = np.zeros((1, 200, 100), np.float32)
    assert CHOPPERS[name]((200, 100), Slicing(scale=128), target=target, rng=rng) == []
