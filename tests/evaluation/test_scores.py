import numpy as np
import pytest
import soundfile
from tests.evaluation.corpora import RATE, half, write_track

from acapella import metrics
from acapella.corpus.tracks import find_tracks
from acapella.errors import AcapellaError, CorpusError, MissingExtraError, SettingsError
from acapella.evaluation import GROUPS, METRICS, choose_groups, groups, score_track

ALL = tuple(GROUPS.values())


def score(folder, chosen=ALL):
    (track,), _ = find_tracks(folder)
    return score_track(half(), track, chosen)


@pytest.mark.parametrize(("channels", "names"), [(1, list(GROUPS)), (2, ["usdr", "si_sdr", "nsdr", "stoi"])])
def test_scores_are_what_the_metrics_give(tmp_path, channels, names):
    write_track(tmp_path, "song", channels=channels)
    found = score(tmp_path, choose_groups(names))
    parts = {
        part: soundfile.read(tmp_path / f"song_{part}.wav", dtype="float32", always_2d=True)[0]
        for part in ("vocal", "instrumental", "all")
    }
    stems = half().isolate(parts["all"], RATE)
    truth, guess = (np.stack([by["vocal"], by["instrumental"]]) for by in (parts, stems))
    ratios = metrics.bss_eval(truth.mean(-1, keepdims=True), guess.mean(-1, keepdims=True), RATE)
    rise = metrics.nsdr(truth.mean(-1), guess.mean(-1), parts["all"].mean(-1))
    for i, stem in enumerate(("vocal", "instrumental")):
        expected = {
            "SDR": np.median(ratios.sdr[i]),
            "SIR": np.median(ratios.sir[i]),
            "SAR": np.median(ratios.sar[i]),
            "uSDR": metrics.usdr(parts[stem], stems[stem]),
            "SI-SDR": metrics.si_sdr(parts[stem], stems[stem]),
            "NSDR": rise[i],
            "STOI": metrics.stoi(parts[stem], stems[stem], RATE),
        }
        measured = [name for name in METRICS if channels == 1 or name not in ("SDR", "SIR", "SAR")]
        assert list(found.scores[stem].items()) == [(name, expected[name]) for name in measured]
        assert found.mixture[stem] == {
            "uSDR": metrics.usdr(parts[stem], parts["all"]),
            "SI-SDR": metrics.si_sdr(parts[stem], parts["all"]),
        }
    assert (found.name, found.seconds, found.silent) == ("song", 2, ())


def test_only_the_chosen_metrics_are_computed(tmp_path):
    write_track(tmp_path, "song")
    found = score(tmp_path, choose_groups(["stoi", "usdr"]))
    assert {stem: list(scores) for stem, scores in found.scores.items()} == {
        "vocal": ["uSDR", "STOI"],
        "instrumental": ["uSDR", "STOI"],
    }


def test_windows_without_a_value_or_with_an_infinite_one_do_not_count():
    assert groups._median(np.array([np.nan, 1, np.inf, 3, -np.inf])) == 2
    assert np.isnan(groups._median(np.array([np.nan, np.inf])))


def test_a_silent_stem_is_told_and_has_no_score(tmp_path):
    write_track(tmp_path, "song", vocal=np.zeros((2 * RATE, 1)))
    found = score(tmp_path)
    assert found.silent == ("vocal",)
    assert np.isnan(list(found.scores["vocal"].values())).all()
    defined = {name for name, value in found.scores["instrumental"].items() if np.isfinite(value)}
    assert defined == {"uSDR", "SI-SDR", "STOI"}


def test_nearly_equal_lengths_are_cut_to_the_shortest(tmp_path, rng):
    write_track(tmp_path, "song", all=rng.normal(0, 0.1, (2 * RATE + 700, 1)))
    assert score(tmp_path, choose_groups(["usdr"])).seconds == 2


@pytest.mark.parametrize(
    ("audio", "rate", "message"),
    [
        (np.ones((3 * RATE, 1)), RATE, r"^song: its files must have one length \(.*song_vocal.wav 3.00 s.*\)\.$"),
        (np.ones((2 * RATE, 2)), RATE, r"^song: its files must have one number of channels \(.*vocal.wav 2.*\)\.$"),
        (np.ones((2 * RATE, 1)), 4000, r"^song: its files must have one sample rate \(.*song_vocal.wav 4000 Hz.*\)\.$"),
    ],
)
def test_parts_that_do_not_fit_are_named(tmp_path, audio, rate, message):
    write_track(tmp_path, "song")
    soundfile.write(tmp_path / "song_vocal.wav", audio, rate)
    with pytest.raises(CorpusError, match=message):
        score(tmp_path)


def test_a_damaged_file_is_named(tmp_path):
    write_track(tmp_path, "song")
    (tmp_path / "song_vocal.wav").write_text("no audio")
    with pytest.raises(AcapellaError, match=r"song_vocal\.wav"):
        score(tmp_path)


@pytest.mark.parametrize("names", [["usdr", "sdr"], []])
def test_unknown_groups_are_refused(names):
    with pytest.raises(SettingsError, match="is not one of: museval, usdr, si_sdr, nsdr, stoi"):
        choose_groups(names)


def test_a_group_whose_package_is_absent_is_refused_at_once(monkeypatch):
    monkeypatch.setattr(groups, "find_spec", lambda name: None)
    assert choose_groups(["usdr", "si_sdr"]) == [GROUPS["usdr"], GROUPS["si_sdr"]]
    with pytest.raises(MissingExtraError, match="Scoring"):
        choose_groups(["stoi"])
