import numpy as np
from tests.made import write_cached

from acapella.corpus.examples import TrackExamples
from acapella.dsp.choppers import Rectangle
from acapella.models.front_ends import SpectralFrontEnd


def test_a_slice_is_a_part_of_the_whole_tensor(rng, tmp_path):
    front_end = SpectralFrontEnd(representation="ri", normalizer="percentile", window_length=256)
    mixture, target = rng.uniform(-1, 1, (2, 1, 20_000)).astype(np.float32)
    normalization = front_end.measure([mixture])
    cached = [write_cached(tmp_path / part, audio) for part, audio in (("mixture", mixture), ("target", target))]
    track = TrackExamples("song", front_end, cached[0], cached[1:], normalization)
    assert track.extent == (129, front_end.stft.frames(20_000))
    whole = [front_end.encode(front_end.stft.forward(audio), normalization)[0] for audio in (mixture, target)]
    for rectangle in (
        Rectangle(0, 129, 0, 5),
        Rectangle(10, 40, 100, 140),
        Rectangle(1, 2, 300, track.extent[1]),
    ):
        for piece, tensor in zip(track.cut(rectangle), whole, strict=True):
            assert piece.shape == (2, rectangle.high - rectangle.low, rectangle.stop - rectangle.start)
            np.testing.assert_allclose(piece, rectangle.cut(tensor), atol=1e-5)
    np.testing.assert_allclose(track.target(), whole[1], atol=1e-5)
