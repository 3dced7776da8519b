"""The bundled model on the example song."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from acapella import Isolator, metrics
from acapella.isolation.model import open_model
from acapella.models.model_file import find_model

EXAMPLES = Path(__file__).parents[2] / "examples"
SCORES = {  # of the bundled model in dB, SDR by museval; a new model brings new ones, here and on its card
    "vocal": {"SI-SDR": 10.25, "uSDR": 10.57, "SDR": 10.17},
    "instrumental": {"SI-SDR": 14.0, "uSDR": 14.16, "SDR": 13.67},
}
CARD = Path(__file__).parents[2] / "src/acapella/models/README.md"
TOLERANCE = 0.3  # dB


def read(name: str) -> np.ndarray:
    return soundfile.read(EXAMPLES / name, dtype="float32")[0]


@pytest.mark.slow
def test_the_bundled_model_separates_the_example(tmp_path):
    song, rate = soundfile.read(EXAMPLES / "song.flac")
    paths = Isolator.load().isolate_file(EXAMPLES / "song.flac", tmp_path)
    stems = {}
    for stem, path in paths.items():
        stems[stem], stem_rate = soundfile.read(path)
        assert stem_rate == rate
        assert stems[stem].shape == song.shape
    np.testing.assert_allclose(stems["vocal"] + stems["instrumental"], song, atol=1e-4)


@pytest.mark.slow
def test_the_scores_of_the_example_are_those_of_the_card():
    song, truth = read("song.flac"), {stem: read(f"stems/{stem}.flac") for stem in SCORES}
    stems = Isolator.load().isolate(song, 44100)
    ratios = metrics.bss_eval(*(np.stack([group[stem] for stem in SCORES]) for group in (truth, stems)), 44100)
    for number, (stem, expected) in enumerate(SCORES.items()):
        found = {
            "SI-SDR": metrics.si_sdr(truth[stem], stems[stem]),
            "uSDR": metrics.usdr(truth[stem], stems[stem]),
            "SDR": np.nanmedian(ratios.sdr[number]),
        }
        assert found == pytest.approx(expected, abs=TOLERANCE), stem
        assert f"{expected['SI-SDR']} dB" in CARD.read_text(encoding="utf-8")


@pytest.mark.slow
def test_where_blocks_end_is_not_heard():
    """The longest of these takes the whole song at once."""
    song, rate = soundfile.read(EXAMPLES / "song.flac", dtype="float32")
    model = open_model(find_model(None))
    short, usual, whole = (
        Isolator(model, block_frames=frames).isolate(song, rate)["vocal"] for frames in (64, None, 1024)
    )
    for other in (short, usual):
        assert np.abs(other - whole).max() < 1e-3 * np.abs(whole).max()  # -60 dB


def test_the_example_is_the_sum_of_its_stems():
    song, vocal, instrumental = (
        soundfile.read(EXAMPLES / name, dtype="int16")[0].astype(int)
        for name in ("song.flac", "stems/vocal.flac", "stems/instrumental.flac")
    )
    np.testing.assert_array_equal(song, vocal + instrumental)
    assert soundfile.info(EXAMPLES / "song.flac").samplerate == 44100
    assert song.shape == (15 * 44100, 2)
    assert np.abs(song).max() < 32767
