"""Two systems' scores side by side, fold by fold, as a table in Markdown.

    python benchmarks/default_model/compare.py WORK SCORES.json SYSTEM OTHER

SCORES.json is written by measure.py. uSDR are means over excerpts, SDR medians; a gain is the mean of the differences
on the same excerpts, with its standard error; all in dB.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from recordings import FOLDS, read_catalogue

USDR = ("vocal uSDR", "instrumental uSDR")
SDR = ("vocal SDR", "instrumental SDR")


def row(label: str, scores: list[dict[str, float]], other: list[dict[str, float]]) -> str:
    """One line of the table."""
    cells = [f"{label} ({len(scores)})"]
    for metric in USDR + SDR:
        both = np.array([[score[metric] for score in each] for each in (scores, other)])
        average = np.mean if metric in USDR else np.nanmedian
        cells.append(" / ".join(f"{average(values):.2f}" for values in both))
        if metric in USDR:
            gains = both[0] - both[1]
            cells.append(f"{gains.mean():+.2f} ± {gains.std(ddof=1) / len(gains) ** 0.5:.2f}")
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("scores", type=Path)
    parser.add_argument("systems", nargs=2)
    given = parser.parse_args()
    scores = json.loads(given.scores.read_text())
    fold_of = {each.name: each.fold for each in read_catalogue(given.work / "audio") if each.corpus == "musdb"}
    ours, other = (scores[system]["songs"] for system in given.systems)
    print(" / ".join(given.systems) + "\n")
    print(
        "| fold | vocals uSDR | gain | instrumental uSDR | gain | vocals SDR | instrumental SDR |\n" + "|---" * 7 + "|"
    )
    gains = []
    for fold in range(FOLDS):
        songs = [name for name in ours if fold_of[name] == fold]
        if songs:
            print(row(str(fold), [ours[name] for name in songs], [other[name] for name in songs]))
            gains.append([np.mean([ours[name][metric] - other[name][metric] for name in songs]) for metric in USDR])
    print(row("all", list(ours.values()), [other[name] for name in ours]))
    if len(gains) > 1:
        deviations = " and ".join(f"{value:.2f}" for value in np.std(gains, axis=0, ddof=1))
        print(f"\nStandard deviation of the gain between folds: {deviations} dB")


if __name__ == "__main__":
    main()
