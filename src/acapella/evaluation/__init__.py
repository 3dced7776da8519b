"""Scores of a model on a corpus: isolator × tracks × metrics → scores."""

from acapella.evaluation.groups import GROUPS, METRICS, choose_groups
from acapella.evaluation.records import write_csv, write_json
from acapella.evaluation.scores import TrackScores, score_track, stems_to_score
from acapella.evaluation.summary import Total, summarize

__all__ = [
    "GROUPS",
    "METRICS",
    "Total",
    "TrackScores",
    "choose_groups",
    "score_track",
    "stems_to_score",
    "summarize",
    "write_csv",
    "write_json",
]
