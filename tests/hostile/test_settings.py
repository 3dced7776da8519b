"""Settings, files of settings, grids and journals that mean harm: one sentence each, of bounded length."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acapella.cli.console import report
from acapella.errors import AcapellaError, InputError, SettingsError
from acapella.experiments.grid import MOST_RUNS, Grid, read_grid
from acapella.experiments.journal import JOURNAL
from acapella.experiments.search import Options, search
from acapella.experiments.study import FOLDER, Plan, open_study
from acapella.settings import Settings

LONGEST = 1500  # characters of a message
ENDLESS = Path("/dev/zero")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=400) | st.just("9" * 30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from([name.upper() for name in Settings.model_fields])


def said_by(call):
    """What the error of ours says that `call` raises, or nothing; any other error fails the test."""
    try:
        call()
    except AcapellaError as error:
        return str(error)
    return ""


@settings(max_examples=60, deadline=None)
@given(options=st.dictionaries(NAMES, VALUES, max_size=3))
def test_any_value_is_taken_or_refused_in_a_sentence(options):
    assert len(said_by(lambda: Settings(**options))) < LONGEST


@pytest.mark.parametrize("text", ["9" * 30, "-1", "1" * 4000, "nan", "1e400"])
@pytest.mark.parametrize("name", ["BATCH", "EPOCHS", "EPOCH_STEPS", "SEED", "START_EPOCH", "INFERENCE_SLICE", "BINS"])
def test_numbers_are_bounded(name, text):
    with pytest.raises(SettingsError, match=rf"^{name}='") as caught:
        Settings(**{name: text})
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("CHOPPARAMS", "{'scale': 10**30}"),
        ("CHOPPARAMS", "{'slices': 1000000000000}"),
        ("OPTIMIZER_PARAMS", "{'lr': 1e300}"),
        ("MODEL_PARAMS", "{'alpha1': 1e300}"),
        ("REMIX_PARAMS", "{'speed': 0.999999}"),
        ("REMIX_PARAMS", "{'gain': 1e300}"),
        ("CHOPPARAMS", "[" * 100_000),
        ("CHOPPARAMS", "{'" + "x" * 100_000 + "': 1}"),
        ("DATA", "x\n" * 50_000),
    ],
)
def test_values_out_of_all_bounds_are_refused_and_quoted_shortly(name, text):
    with pytest.raises(SettingsError, match=f"^{name}=") as caught:
        Settings(**{name: text})
    assert len(str(caught.value)) < LONGEST


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300) | st.text(max_size=300).map(lambda text: f'export DATA="{text}"'.encode()))
def test_any_file_of_settings_is_read_or_refused(tmp_path, content):
    (tmp_path / "env").write_bytes(content)
    assert len(said_by(lambda: Settings.read(tmp_path / "env"))) < LONGEST


@pytest.mark.skipif(not ENDLESS.exists(), reason="this system has no /dev/zero")
def test_endless_files_are_refused():
    with pytest.raises(SettingsError, match="'/dev/zero' is larger than"):
        Settings.read(ENDLESS)
    with pytest.raises(InputError, match="'/dev/zero' is larger than"):
        read_grid(ENDLESS)


def test_a_line_of_a_megabyte_is_quoted_shortly(tmp_path):
    (tmp_path / "env").write_text('export DATA="' + "a" * 500_000 + "$\n")
    with pytest.raises(SettingsError, match="line 1: ") as caught:
        Settings.read(tmp_path / "env")
    assert len(str(caught.value)) < LONGEST


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200) | st.dictionaries(NAMES | st.just("repeat"), VALUES, max_size=3))
def test_any_grid_is_read_or_refused(tmp_path, content):
    path = tmp_path / "any.yml"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    assert len(said_by(lambda: read_grid(path))) < LONGEST


def test_values_that_unfold_to_gigabytes_are_quoted_shortly(tmp_path):
    lists = ["a: &a [x,x,x,x,x,x,x,x,x]"]
    for before, name in pairwise("abcdefghij"):
        lists.append(f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]")
    (tmp_path / "bomb.yml").write_text("chopparams: [{" + ", ".join(lists) + "}]\n")
    with pytest.raises(SettingsError, match="unknown key") as caught:
        read_grid(tmp_path / "bomb.yml")
    assert len(str(caught.value)) < LONGEST


def test_grids_of_too_many_runs_are_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("LOG_BASE", str(tmp_path / "logs"))
    hundred = tuple(map(str, range(1, 101)))
    grid = Grid("huge", {"BATCH": hundred, "EPOCHS": hundred, "SEED": hundred})
    with pytest.raises(SettingsError, match=f"grid huge makes 1000000 runs, and {MOST_RUNS} are the most"):
        search(grid, Options(), None, None)
    (tmp_path / "often.yml").write_text("repeat: 1000000000\nbatch: 1\n")
    with pytest.raises(SettingsError, match="repeat=1000000000 must be"):
        read_grid(tmp_path / "often.yml")


def test_messages_of_libraries_are_shortened(capsys):
    report(InputError("x" * 100_000))
    assert len(capsys.readouterr().err) < 5000


@pytest.fixture
def plan():
    return Plan(Grid("mine", {"OPTIMIZER": ("adam", "rmsprop")}), {})


@pytest.fixture
def journal(tmp_path, plan):
    with open_study(tmp_path, plan) as study:
        study.claim()
        study.succeed([{"epoch": 1, "loss": 1.0}], "folder")
    return tmp_path / FOLDER / JOURNAL


@pytest.mark.parametrize(
    "harm",
    {
        "a line of garbage": lambda kept: kept + b"xxx\n",
        "no text": lambda kept: bytes(range(256)),
        "a list": lambda kept: kept + b"[]\n",
        "an unknown operation": lambda kept: kept + b'{"op_code":99,"worker_id":"x"}\n',
        "an id that is a path": lambda kept: kept.replace(b'"id":"1"', b'"id":"../x"'),
        "other values": lambda kept: b"rmsprup".join(kept.rsplit(b"rmsprop", 1)),
        "a line without its middle": lambda kept: kept.replace(b'"op_code":', b'"', 1),
    }.values(),
)
def test_a_damaged_journal_is_named(tmp_path, plan, journal, harm):
    journal.write_bytes(harm(journal.read_bytes()))
    with pytest.raises(InputError, match=r"journal\.log is damaged; move the folder"), open_study(tmp_path, plan):
        pass


def test_a_record_that_was_being_written_is_dropped(tmp_path, plan, journal):
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"op_code":8,"wor')
    with open_study(tmp_path, plan) as study:
        assert study.claim().id == "2"
        assert len(study.results().results) == 1
    assert journal.read_bytes().startswith(whole)
    assert b'"wor{' not in journal.read_bytes()
