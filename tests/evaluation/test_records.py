import csv
import json

import numpy as np
import pytest
from rich.console import Console

from acapella.evaluation import METRICS, TrackScores, summarize, write_csv, write_json
from acapella.evaluation.picture import plot_distribution
from acapella.evaluation.tables import remarks, total_table, track_table

NAN = float("nan")


def track(name: str, seconds: float, silent: tuple[str, ...] = (), **vocal: float) -> TrackScores:
    """A track whose instrumental has 1 everywhere, and its vocals 0 but for what is given."""
    ones, zeros = dict.fromkeys(METRICS, 1.0), dict.fromkeys(METRICS, 0.0)
    mixture = {"uSDR": -1.0, "SI-SDR": -2.0}
    scores = {"vocal": zeros | vocal, "instrumental": ones}
    return TrackScores(name, seconds, scores, {"vocal": mixture, "instrumental": mixture}, silent)


@pytest.fixture
def tracks():
    return [
        track("a", 10, SDR=1.0, NSDR=3.0, STOI=0.5, uSDR=1.0),
        track("b", 30, SDR=9.0, NSDR=5.0, STOI=0.75, uSDR=4.0),
        track("c [x], d", 20, ("vocal",), SDR=NAN, NSDR=NAN, STOI=NAN, uSDR=NAN, **{"SI-SDR": -np.inf}),
    ]


def test_totals_are_those_of_the_literature(tracks):
    summary = summarize(tracks)
    vocal = summary.scores["vocal"]
    assert (summary.tracks, summary.seconds) == (3, 60)
    assert summary.silent == {"vocal": 1, "instrumental": 0}
    assert (vocal["SDR"].statistics, vocal["SDR"].tracks) == ({"median": 5}, 2)
    assert vocal["NSDR"].statistics == {"mean": 4, "GNSDR": 4.5}
    assert vocal["STOI"].statistics == {"median": 0.625, "mean": 0.625}
    assert vocal["SI-SDR"].statistics == {"median": 0, "mean": -np.inf}
    assert summary.mixture["vocal"]["uSDR"].statistics == {"median": -1, "mean": -1}
    assert list(summary.mixture["vocal"]) == ["uSDR", "SI-SDR"]


def test_what_no_track_defines_is_not_a_number():
    summary = summarize([track("a", 1, SDR=NAN, NSDR=NAN)])
    assert summary.scores["vocal"]["SDR"].tracks == 0
    statistics = [
        *summary.scores["vocal"]["SDR"].statistics.values(),
        *summary.scores["vocal"]["NSDR"].statistics.values(),
    ]
    assert np.isnan(statistics).all()


def test_csv_has_a_row_for_each_track_and_stem(tracks, tmp_path):
    write_csv(tracks, tmp_path / "new/scores.csv")
    with (tmp_path / "new/scores.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["track"], row["stem"]) for row in rows][:3] == [("a", "vocal"), ("a", "instrumental"), ("b", "vocal")]
    assert list(rows[0]) == ["track", "seconds", "stem", "silent", *METRICS, "mixture uSDR", "mixture SI-SDR"]
    assert {name: float(rows[2][name]) for name in METRICS} == tracks[1].scores["vocal"]
    assert (rows[4]["track"], rows[4]["silent"], rows[4]["SDR"], rows[4]["SI-SDR"]) == ("c [x], d", "1", "", "-inf")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["scores.csv"]


def test_json_has_everything_in_strict_json(tracks, tmp_path):
    write_json(tracks, tmp_path / "scores.json", {"model": {"name": "m"}}, {"e": "it is damaged"})

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    found = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"), parse_constant=refuse)
    assert found["model"] == {"name": "m"}
    assert found["failed"] == {"e": "it is damaged"}
    assert found["units"]["SDR"] == "dB"
    assert found["summary"]["scores"]["vocal"]["NSDR"] == {"statistics": {"mean": 4, "GNSDR": 4.5}, "tracks": 2}
    assert found["tracks"][0]["scores"]["vocal"]["STOI"] == 0.5
    assert found["tracks"][2]["scores"]["vocal"]["STOI"] is None
    assert found["tracks"][2]["scores"]["vocal"]["SI-SDR"] == "-inf"
    assert found["tracks"][2]["silent"] == ["vocal"]


def test_tables(tracks, capsys):
    screen = Console(width=120, markup=False, highlight=False)
    screen.print(track_table(tracks))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["track", "stem", *METRICS]
    assert lines[1].split() == ["a", "vocals", "1.00", "0.00", "0.00", "1.00", "0.00", "3.00", "0.500"]
    assert lines[5].startswith("c [x], d  vocals           –  0.00")
    screen.print(total_table(summarize(tracks)))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["3", "tracks,", "60", "s", *METRICS]
    assert lines[1].split() == ["vocals", "median", "5.00", "0.00", "0.00", "2.50", "0.00", "0.625"]
    assert lines[3].split() == ["GNSDR", "4.50"]
    assert lines[4].split() == ["vocals:", "mixture", "median", "−1.00", "−2.00"]


def test_remarks_say_what_is_left_out(tracks):
    assert remarks(summarize(tracks[:2])) == []
    assert remarks(summarize(tracks)) == [
        "Silent reference: the vocals of 1 track.",
        "Not defined, and left out, of 3 tracks: "
        "vocals SDR in 1, vocals uSDR in 1, vocals NSDR in 1, vocals STOI in 1.",
    ]


@pytest.mark.parametrize("count", [1, 3, 20])
def test_a_picture_is_drawn_of_any_number_of_tracks(tracks, count, tmp_path):
    plot_distribution((tracks * 7)[:count], tmp_path / "scores.png", "A model")
    assert (tmp_path / "scores.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_is_drawn_where_nothing_is_defined(tmp_path):
    plot_distribution([track("a", 1, **dict.fromkeys(METRICS, NAN))], tmp_path / "scores.png", "A model")
    assert (tmp_path / "scores.png").exists()
