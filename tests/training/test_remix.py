import numpy as np
import pytest
from tests.made import write_cached

from acapella.corpus.examples import TrackExamples
from acapella.models.front_ends import SpectralFrontEnd
from acapella.settings import Settings
from acapella.settings.option_types import RemixParams
from acapella.training.batches import Batches
from acapella.training.remix import LEVEL, draw_remix, families

FRONT_END = SpectralFrontEnd(window_length=64, representation="amplitude", channels=2, bins=24)


@pytest.fixture
def tracks(tmp_path):
    """Vocals on the left and constant, the rest on the right: what goes where can be read off."""
    made = []
    rng = np.random.default_rng(0)
    for number, name in enumerate(("a/one", "a/two", "b/three")):
        audio = rng.uniform(-1, 1, (2, 2, 6000)).astype(np.float32) * np.float32(10.0**-number)
        mixture = write_cached(tmp_path / f"{number}m", audio.sum(0))
        made.append(
            TrackExamples(
                name, FRONT_END, mixture, [write_cached(tmp_path / f"{number}t", audio[0])], FRONT_END.measure([])
            )
        )
    return made


def remixes(tracks, **params):
    rng = np.random.default_rng(1)
    return [draw_remix(families(tracks), 16, RemixParams(**params), rng) for _ in range(60)]


def test_only_tracks_of_one_folder_meet(tracks):
    pairs = {(remix.target.track.name, remix.rest.track.name) for remix in remixes(tracks, together=0)}
    assert pairs == {("a/one", "a/two"), ("a/two", "a/one"), ("a/one", "a/one"), ("a/two", "a/two"), ("b/three",) * 2}


def test_together_is_the_track_itself_at_one_level(tracks):
    for remix in remixes(tracks, together=0.99, tilt=0)[:5]:
        if remix.target is not remix.rest:
            continue
        mixture, target = remix.cut()
        whole = remix.target.track.cut(remix.target.rectangle)
        if remix.target.swap:
            whole = tuple(tensor[::-1] for tensor in whole)
        assert mixture.mean() == pytest.approx(LEVEL, rel=1e-4)
        scale = LEVEL / whole[0].mean()
        np.testing.assert_allclose(mixture, whole[0] * scale, rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(target, whole[1] * scale, rtol=1e-3, atol=1e-3)


def test_solos_lack_the_other_side(tracks):
    kinds = set()
    for remix in remixes(tracks, together=0, solo=0.4):
        mixture, target = remix.cut()
        if remix.target.gain == 0:
            kinds.add("no vocals")
            assert not target.any()
        elif remix.rest.gain == 0:
            kinds.add("a cappella")
            np.testing.assert_allclose(target, mixture, rtol=1e-4, atol=1e-5)
        assert mixture.mean() == pytest.approx(LEVEL, rel=1e-3)
    assert kinds == {"no vocals", "a cappella"}


def test_gains_stay_within_bounds(tracks):
    drawn = remixes(tracks, together=0, solo=0, gain=6, tilt=2)
    balances = [20 * np.log10(remix.target.gain) for remix in drawn]
    assert max(balances) <= 6
    assert min(balances) >= -6
    assert max(abs(remix.rest.tilt) for remix in drawn) <= 2


def test_batches_of_remixes_can_be_made_again(tracks):
    settings = Settings(batch_generator="remix", chopparams={"scale": 16}, batch=4, epoch_steps=8)
    first, second = (Batches(tracks, settings).load(2, 1) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    assert first[0].shape == first[1].shape == (4, 2, 24, 16)
