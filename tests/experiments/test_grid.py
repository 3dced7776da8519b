"""Grids: reading, ids, names, and what is refused before anything trains."""

from pathlib import Path

import pytest

from acapella.errors import InputError, SettingsError
from acapella.experiments.grid import Grid, Run, describe, find_grid, read_grid
from acapella.settings import Settings

SHIPPED = Path(__file__).parents[2] / "grid-search-configs"


def grid_of(tmp_path: Path, text: str) -> Grid:
    path = tmp_path / "my.yml"
    path.write_text(text, encoding="utf-8")
    return read_grid(path)


@pytest.mark.parametrize(
    ("name", "runs"),
    [
        ("grid_search", 3 * 2 * 4 * 3 * 2),
        ("batch", 2 * 2 * 3),
        ("choppers", 3 * 2),
        ("models", 4 * 2),
        ("optimizer", 10 * 4 * 2),
    ],
)
def test_shipped_grids_have_as_many_runs_as_described(name, runs):
    grid = read_grid(SHIPPED / f"{name}.yml")
    found = list(grid.runs())
    assert grid.size == len(found) == runs
    names = {grid.folder_name(run) for run in found}
    assert len(names) == runs
    assert max(map(len, names)) < 100
    for run in found:
        settings = Settings(**run.values)
        assert settings.model == "leaky_dropout"
        assert settings.epochs == (2 if name == "optimizer" else 10)


def test_every_shipped_grid_is_known():
    assert {path.stem for path in SHIPPED.iterdir()} == {"grid_search", "batch", "choppers", "models", "optimizer"}


def test_names_in_any_case_and_single_values(tmp_path):
    grid = grid_of(tmp_path, "ChopName: [tile, full]\nEPOCHS: 3\nlearn_phase: [no, yes]\nmodel_params: {rate: 0}\n")
    assert grid.name == "my"
    assert list(grid.options) == ["CHOPNAME", "EPOCHS", "LEARN_PHASE", "MODEL_PARAMS"]
    assert [run.values["CHOPNAME"] + run.values["LEARN_PHASE"] for run in grid.runs()] == [
        "tileFalse",
        "tileTrue",
        "fullFalse",
        "fullTrue",
    ]
    assert [run.id for run in grid.runs()] == ["1", "2", "3", "4"]
    assert Settings(**next(grid.runs()).values).model_params.rate == 0


def test_repetitions_follow_one_another(tmp_path):
    grid = grid_of(tmp_path, "repeat: 2\noptimizer: [adam, rmsprop]\n")
    runs = [(run.id, run.values["OPTIMIZER"], run.repetition) for run in grid.runs()]
    assert runs == [("1-0", "adam", 0), ("1-1", "adam", 1), ("2-0", "rmsprop", 0), ("2-1", "rmsprop", 1)]


def test_names_say_what_varies(tmp_path):
    grid = grid_of(
        tmp_path,
        "chopname: [tile, full]\nepochs: 3\nbatch: [4, 8]\n"
        "model_params: ['', \"{'rate': 0.5}\"]\noptimizer_params: [{lr: 0.01}, '']\n",
    )
    run = list(grid.runs())[-1]
    differences = {"chopname": "full", "batch": "8", "rate": "0.5", "learning_rate": "default"}
    assert grid.differences(run.values) == differences
    assert describe(differences) == "chopname=full, batch=8, rate=0.5, learning_rate=default"
    assert grid.folder_name(run) == "16_full_batch-8_rate-0.5_learning_rate-default"


def test_folder_names_suit_every_file_system():
    values = ["C:\\my corpus*?", "../ä" + "x" * 300]
    grid = Grid("paths", {"DATA": values})
    for number, run in enumerate(grid.runs(), start=1):
        name = grid.folder_name(run)
        assert name.startswith(f"{number}_")
        assert not set(name) & set('\\/:*?"<>| ä')
        assert len(name) <= 120


def test_repeat_alone_is_a_grid(tmp_path):
    assert list(grid_of(tmp_path, "repeat: 2").runs()) == [Run("1-0", {}, 0), Run("1-1", {}, 1)]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("chopnam: [tile]", "There is no option CHOPNAM; the nearest is CHOPNAME."),
        ("true: [tile]", "There is no option TRUE"),
        ("chopname: [tile, tyle]", "CHOPNAME='tyle' is not one of: tile, full"),
        ("epochs: [1, 0]", "EPOCHS=0 must be greater than 0."),
        ("epochs: [[1]]", "EPOCHS=[1] must be a whole number"),
        ("chopparams: [{scale: 0}]", "scale=0 must be greater than 0"),
        ("chopparams: [{size: 1}]", "unknown key 'size'; allowed: scale, step"),
        ("epochs: []", "EPOCHS has no value."),
        ("epochs:", "EPOCHS has no value."),
        ("epochs: [1, 2, 1]", "EPOCHS=1 is listed twice."),
        ("epochs: [1, '1']", "EPOCHS=1 is listed twice."),
        ("batch_generator: [track, tracks]", "BATCH_GENERATOR=track is listed twice."),
        ("epochs: 1\nEpochs: 2", "EPOCHS is there twice"),
        ("epochs: 1\nepochs: 2", "EPOCHS is there twice"),
        ("epochs: 1\nrepeat: 0", "repeat=0 must be a whole number, at least 1, at most 10000."),
        ("epochs: 1\nrepeat: yes", "repeat=True must be"),
        ("log_base: [a, b]", "LOG_BASE cannot vary"),
    ],
)
def test_wrong_values_are_one_sentence(tmp_path, text, sentence):
    with pytest.raises(SettingsError) as error:
        grid_of(tmp_path, text)
    assert sentence in str(error.value)
    assert "my.yml: " in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is not a grid"),
        ("{}", "is not a grid"),
        ("- tile", "is not a grid"),
        ("tile", "is not a grid"),
        ("epochs: [1", "cannot be read: line 1"),
        ("a: 1\nepochs: !!python/object/apply:os.mkdir [made]", "cannot be read: line 2: could not determine"),
        ("epochs: 2026-99-99", "it is not plain YAML"),
        ("[" * 5000, "it is not plain YAML"),
    ],
)
def test_files_that_are_no_grids_are_one_sentence(tmp_path, monkeypatch, text, sentence):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as error:
        grid_of(tmp_path, text)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)
    assert not Path("made").exists()


def test_unreadable_bytes_are_one_sentence(tmp_path):
    path = tmp_path / "my.yml"
    path.write_bytes(b"epochs: \xff\xfe")
    with pytest.raises(InputError, match="not plain YAML in UTF-8"):
        read_grid(path)


def test_a_grid_is_looked_up_as_given_and_then_in_folders(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shelf = Path("grid-search-configs")
    shelf.mkdir()
    (shelf / "mine.yml").touch()
    assert find_grid(Path("mine.yml"), [shelf]) == find_grid(Path("mine"), [shelf]) == shelf / "mine.yml"
    Path("mine.yml").touch()
    assert find_grid(Path("mine.yml"), [shelf]) == Path("mine.yml")
    with pytest.raises(InputError, match=r"There is no grid 'other.yml'; grid-search-configs holds: mine\."):
        find_grid(Path("other.yml"), [shelf])
