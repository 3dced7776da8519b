"""The table and the picture of a search."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from acapella.experiments.results import Result, Search, draw_losses, min_loss, write_table


def made(number: int, epochs: int = 3, **more: object) -> Result:
    losses = [{"epoch": n, "loss": number / n, "val_loss": 2 * number / n} for n in range(1, epochs + 1)]
    return Result(str(number), {"EPOCHS": str(epochs)}, f"epochs={epochs}", losses, **more)


def test_lowest_loss_is_of_validation_where_there_is_one():
    assert min_loss([{"epoch": 1, "loss": 0.1, "val_loss": 0.3}, {"epoch": 2, "loss": 0.05, "val_loss": 0.4}]) == 0.3
    assert min_loss([{"epoch": 1, "loss": 0.1}, {"epoch": 2, "loss": float("nan")}]) == 0.1
    assert min_loss([]) is None


def test_the_best_has_the_lowest_loss():
    results = [made(2), made(1), Result("3", {}, "", failure="no")]
    best = Search("mine", [], results).best
    assert best is results[1]
    assert Search("mine", [], []).best is None


def test_with_the_sdr_as_the_measure_the_best_has_the_highest(tmp_path):
    def run(number: int, *measured: float) -> Result:
        epochs = [{"epoch": epoch, "loss": number, "val_sdr": sdr} for epoch, sdr in enumerate(measured, start=1)]
        return Result(str(number), {"BATCH": str(number)}, "", [*epochs, {"epoch": 9, "loss": 0}], monitor="val_sdr")

    search = Search("mine", [], [run(1, 2.5, 1), run(2, -1, 4, 3), Result("3", {"BATCH": "3"}, "", failure="no")])
    assert search.best.id == "2"
    assert search.best.best == 4
    write_table([search], tmp_path / "result.md")
    rows = (tmp_path / "result.md").read_text(encoding="utf-8").splitlines()
    assert rows[0].startswith("| id | batch | max_sdr |")
    assert [row.split(" | ")[2].strip() for row in rows[2:]] == ["4", "2.5", ""]


def test_the_table_as_a_whole(tmp_path):
    results = [made(1, folder="1_x"), Result("2", {"EPOCHS": "4"}, "", failure="too | many")]
    write_table([Search("mine", ["EPOCHS"], results)], tmp_path / "result.md")
    assert (tmp_path / "result.md").read_text(encoding="utf-8") == (
        "| id | epochs | min_loss | val_loss | loss | folder | failure |\n"
        "| --- | --- | --- | --- | --- | --- | --- |\n"
        "| 1 | 3 | 0.666667 | 0.666667 | 0.333333 | 1_x |  |\n"
        "| 2 | 4 |  |  |  |  | too \\| many |\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["result.md"]


def test_repetitions_share_a_row_and_the_best_is_first(tmp_path):
    def run(identity: str, values: dict[str, str], loss: float, failure: str = "") -> Result:
        epochs = [] if failure else [{"epoch": 1, "loss": loss / 2, "val_loss": loss}]
        return Result(identity, values, "", epochs, f"folder {identity}", failure, {"rate": values["RATE"]})

    values = [{"RATE": rate, "EPOCHS": "1"} for rate in ("0.1", "0.2", "0.3")]
    results = [run("1-0", values[0], 2.0), run("1-1", values[0], 4.0), run("2-0", values[1], 1.0)]
    results += [run("2-1", values[1], 0, failure="full disk"), run("3-0", values[2], 0, failure="no slices")]
    write_table([Search("mine", ["RATE", "EPOCHS"], results)], tmp_path / "result.md")
    assert (tmp_path / "result.md").read_text(encoding="utf-8").splitlines() == [
        "| id | rate | min_loss | val_loss | loss | folder | failure |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        "| 2-0, 2-1 | 0.2 | 1 | 1 | 0.5 | folder 2-0 | full disk |",
        "| 1-0, 1-1 | 0.1 | 3 ± 1.4 | 3 ± 1.4 | 1.5 ± 0.71 | folder 1-0 |  |",
        "| 3-0 | 0.3 |  |  |  | folder 3-0 | no slices |",
    ]


@pytest.mark.parametrize(
    "results",
    [
        [made(number) for number in range(1, 4)],
        [made(number, epochs=1) for number in range(1, 97)],
        [Result("1", {}, "", failure="all failed")],
        [Result("1", {}, "", [{"epoch": 1, "loss": float("nan")}, {"epoch": 2, "loss": 0.0}])],
    ],
)
def test_pictures_of_few_many_and_no_curves(tmp_path: Path, results):
    draw_losses([Search("mine", ["EPOCHS"], results)], tmp_path / "losses.png")
    picture = imread(tmp_path / "losses.png")
    assert picture.shape[1] == 1440
    reds = np.all(np.abs(picture[..., :3] - (0.84, 0.15, 0.16)) < 0.02, axis=-1)
    assert reds.any() == any(result.best is not None for result in results)
