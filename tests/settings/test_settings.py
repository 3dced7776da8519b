import os
import pickle
import shlex
import shutil
import string
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acapella.errors import SettingsError
from acapella.settings import Settings, options_table
from acapella.settings.option_types import ChopParams, ModelParams, OptimizerParams
from acapella.settings.text import read_exports

ENVS = Path(__file__).parents[2] / "envs"
TABLE = {  # the original's options and defaults, in its order
    "ANALYSIS_PATH": "./analysis",
    "BATCH": "8",
    "BATCH_GENERATOR": "random",
    "CHECKPOINTS": "tensorboard,weights",
    "CHOPNAME": "tile",
    "CHOPPARAMS": "{'scale': 128, 'step': 64, 'slices': 256, 'upper': False, 'filter': 'maximum'}",
    "DATA": "../bot_data",
    "EARLY_STOPPING": "{'min_delta': 0.001, 'patience': 3}",
    "EPOCHS": "10",
    "EPOCH_STEPS": "50000",
    "FFT": "1536",
    "INFERENCE_SLICE": "3500",
    "INSTRUMENTAL": "False",
    "LOAD": "False",
    "LOG_BASE": "./logs",
    "LOSS": "mean_squared_error",
    "METRICS": "mean_pred,max_pred",
    "MODEL": "leaky_dropout",
    "MODEL_PARAMS": "{'alpha1': 0.1, 'alpha2': 0.01, 'rate': 0.1}",
    "NORMALIZER": "percentile",
    "NORMALIZER_PARAMS": "{'percentile': 99}",
    "OPTIMIZER": "adam",
    "OPTIMIZER_PARAMS": "",
    "PHASE_ITERATIONS": "10",
    "LEARN_PHASE": "True",
    "QUIT": "True",
    "SPLIT": "0.9",
    "START_EPOCH": "0",
    "TENSORBOARD": "./tensorboard",
    "TENSORBOARD_INFO": "default",
    "WEIGHTS": "weights/weights.h5",
}
OURS = ["PHASE", "SAMPLE_RATE", "CHANNELS", "REPRESENTATION", "BINS", "REMIX_PARAMS"]
OURS += ["VALIDATION_TRACKS", "TEST_TRACKS", "PRECISION", "SEED"]


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*TABLE, *OURS]:
        monkeypatch.delenv(name, raising=False)


def message(**options: Any) -> str:
    """What the error says about `options`."""
    with pytest.raises(SettingsError) as caught:
        Settings(**options)
    assert caught.value.__cause__ is None
    return str(caught.value)


def test_defaults_are_those_of_the_table() -> None:
    settings = Settings()
    assert settings == Settings(**TABLE)
    assert settings.chopparams == ChopParams(filter="maximum")
    assert settings.checkpoints == ("tensorboard", "weights")
    assert settings.data == Path("../bot_data")
    assert (settings.learn_phase, settings.load, settings.split) == (True, False, 0.9)
    assert (settings.phase, settings.sample_rate, settings.channels, settings.seed) == (
        "mixture",
        22050,
        1,
        0,
    )
    assert settings.test_tracks == ("Auctioneer_OurFutureFaces",)
    assert len(settings.validation_tracks) == 7


def test_keyword_beats_environment_beats_file_beats_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("export BATCH=1\nexport EPOCHS=1\nexport FFT=4\n")
    monkeypatch.setenv("BATCH", "2")
    monkeypatch.setenv("EPOCHS", "2")
    settings = Settings.read(file, batch=3)
    assert (settings.batch, settings.epochs, settings.fft, settings.seed) == (3, 2, 4, 0)
    assert Settings.read(BATCH=3).batch == 3


def test_variables_are_upper_case_and_dotenv_is_not_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("EPOCHS=3\n")
    monkeypatch.chdir(tmp_path)
    if os.name == "posix":  # elsewhere the environment knows no case
        monkeypatch.setenv("epochs", "4")
    assert Settings() == Settings(EPOCHS=10)


def test_a_dictionary_is_not_merged_with_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHOPPARAMS", "{'scale': 64, 'upper': True}")
    assert Settings().chopparams == ChopParams(scale=64, upper=True)
    assert Settings(chopparams={"slices": 5}).chopparams == ChopParams(slices=5)


@pytest.mark.parametrize("name", ["chopname", "CHOPNAME", "ChopName"])
def test_keywords_in_any_case(name: str) -> None:
    assert Settings(**{name: "full"}).chopname == "full"


def test_second_spellings() -> None:
    settings = Settings(chopname="infer", batch_generator="tracks", optimizer_params="{'lr': 0.5}")
    assert (settings.chopname, settings.batch_generator) == ("infere", "track")
    assert settings.optimizer_params == OptimizerParams(learning_rate=0.5)


def test_dictionaries_from_text_mapping_and_object() -> None:
    expected = ChopParams(scale=64, step=(32, 16))
    for value in ("{'scale': 64, 'step': [32, 16]}", {"scale": 64, "step": (32, 16)}, expected):
        assert Settings(chopparams=value).chopparams == expected
    assert Settings(chopparams="{'step': 8}").chopparams.step == (8, 8)
    assert Settings(chopparams="", model_params="{}").chopparams == ChopParams()


def test_lists() -> None:
    assert Settings(checkpoints="").checkpoints == ()
    assert Settings(metrics="max_pred, mean_pred,max_pred").metrics == ("max_pred", "mean_pred")
    assert Settings(test_tracks=["A b", "C,D"]).test_tracks == ("A b", "C", "D")


@pytest.mark.parametrize(
    ("options", "expected"),
    [({}, "ri"), ({"learn_phase": "False"}, "lps"), ({"representation": "lps"}, "lps")],
)
def test_representation_follows_learn_phase_unless_set(options: dict[str, Any], expected: str) -> None:
    assert Settings(**options).representation_name == expected


def test_settings_are_frozen_hashable_and_picklable() -> None:
    settings = Settings(chopparams="{'step': [1, 2]}")
    with pytest.raises(ValueError, match="frozen"):
        settings.batch = 3
    assert hash(settings) == hash(settings.model_copy())
    assert pickle.loads(pickle.dumps(settings)) == settings


CHOPNAMES = "tile, full, sliding, sliding_full, filtered, filtered_full, random, random_full, infere"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"chopname": "tyle"}, f"CHOPNAME='tyle' is not one of: {CHOPNAMES}."),
        ({"chopname": ["tile"]}, f"CHOPNAME=['tile'] is not one of: {CHOPNAMES}."),
        ({"representation": "x"}, "REPRESENTATION='x' is not one of: lps, ri, amplitude, (empty)."),
        ({"batch": "0"}, "BATCH='0' must be greater than 0."),
        ({"batch": "x"}, "BATCH='x' must be a whole number."),
        ({"batch": 1.5}, "BATCH=1.5 must be a whole number."),
        ({"batch": None}, "BATCH=None must be a whole number."),
        ({"fft": 6}, "FFT=6 must be a multiple of 4."),
        ({"seed": -1}, "SEED=-1 must be at least 0."),
        ({"split": 1}, "SPLIT=1 must be less than 1."),
        ({"split": "0"}, "SPLIT='0' must be greater than 0."),
        ({"split": "nan"}, "SPLIT='nan' must be a finite number."),
        ({"quit": "perhaps"}, "QUIT='perhaps' must be True or False."),
        ({"weights": "w.pt"}, "WEIGHTS='w.pt' must end in .h5 or .hdf5."),
        ({"data": ""}, "DATA='' must be a path."),
        ({"data": 5}, "DATA=5 must be a path."),
        ({"metrics": 5}, "METRICS=5 must be names separated by commas."),
        ({"metrics": "mean_pred,x"}, "METRICS='mean_pred,x': 'x' is not one of: mean_pred, max_pred."),
        ({"epoch_steps": 0}, "EPOCH_STEPS=0 must be greater than 0 with BATCH_GENERATOR='random'."),
        ({"chopnam": "tile"}, "There is no option CHOPNAM; the nearest is CHOPNAME."),
        ({"_env_file": ".env"}, "There is no option _ENV_FILE; the nearest is BATCH_GENERATOR."),
    ],
)
def test_one_sentence_about_a_wrong_value(options: dict[str, Any], expected: str) -> None:
    assert message(**options) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"scal": 1}, "{'scal': 1}: unknown key 'scal'; allowed: scale, step, slices, upper, filter."),
        ("{'scal': 1}", "{'scal': 1}: unknown key 'scal'; allowed: scale, step, slices, upper, filter."),
        ("{1: 1}", "{1: 1}: unknown key '1'; allowed: scale, step, slices, upper, filter."),
        ({"scale": 0}, "{'scale': 0}: scale=0 must be greater than 0."),
        ({"step": [4, 0]}, "{'step': [4, 0]}: step=0 must be greater than 0."),
        ({"step": 0.5}, "{'step': 0.5}: step=0.5 must be a whole number or a pair [time, frequency]."),
        ({"filter": "sum"}, "{'filter': 'sum'}: filter='sum' is not one of: maximum, mean."),
    ],
)
def test_one_sentence_about_a_wrong_key(value: object, expected: str) -> None:
    assert message(chopparams=value) == f"CHOPPARAMS={expected}"


@pytest.mark.parametrize(
    "text", ["__import__('os').abort()", "[1]", "5", "{'scale': 64", '{"upper": false}', "{[]: 1}", "(" * 999]
)
def test_what_is_no_literal_dictionary_is_refused_and_never_run(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHOPPARAMS", text)
    assert message().startswith(f"CHOPPARAMS={text!r} is not a dictionary such as {{'scale': 128, ")


def test_both_spellings_of_the_learning_rate() -> None:
    text = message(optimizer_params={"lr": 1, "learning_rate": 1})
    assert text.endswith("has both lr and learning_rate, which are the same: give one.")
    assert message(optimizer_params="0.1").endswith("is not a dictionary such as {'lr': 0.001}.")


def test_the_environment_is_checked_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_PARAMS", "{'rate': 1}")
    assert message() == "MODEL_PARAMS={'rate': 1}: rate=1 must be less than 1."


def test_epoch_steps_zero_needs_an_end_of_slices() -> None:
    assert Settings(epoch_steps=0, batch_generator="track").epoch_steps == 0


def test_file_in_all_the_ways_a_shell_allows(tmp_path: Path) -> None:
    file = tmp_path / "env"
    text = "\ufeff# note\r\n\r\n  export BATCH=2  # two\nEPOCHS='3'\nCHECKPOINTS=\n"
    text += r"""DATA="a \"b\" \$c \d" # d"""
    file.write_bytes(text.encode())
    settings = Settings.read(file)
    assert (settings.batch, settings.epochs, settings.checkpoints) == (2, 3, ())
    assert settings.data == Path('a "b" $c \\d')


@pytest.mark.parametrize("line", ['DATA="$(pwd)/data"', "DATA=`pwd`", "DATA=~/data", "DATA=a b", 'DATA="a', "hello"])
def test_file_is_never_run(line: str, tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text(f"# a file\n{line}\n")
    with pytest.raises(SettingsError, match=r"line 2: .* is not export NAME=\"value\" with a plain value\.$"):
        Settings.read(file)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"export CHOPNAM=tile", "There is no option CHOPNAM; the nearest is CHOPNAME."),
        (b"export chopname=tile", "There is no option chopname; the nearest is CHOPNAME."),
        (b"export CHOPNAME=tyle", f"CHOPNAME='tyle' is not one of: {CHOPNAMES}."),
    ],
)
def test_one_sentence_about_a_wrong_file(content: bytes, expected: str, tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        Settings.read(file)
    assert str(caught.value) == expected


def test_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"# \xe9\n")
    with pytest.raises(SettingsError, match="latin' cannot be read: it is not UTF-8 text"):
        Settings.read(tmp_path / "latin")
    with pytest.raises(SettingsError, match="nowhere' cannot be read: "):
        Settings.read(tmp_path / "nowhere")


PLAIN = st.characters(exclude_categories=["Cc", "Cs"])
PATHS = st.text(PLAIN, min_size=1)
NAMES = st.text(PLAIN | st.sampled_from(string.punctuation))
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "data": PATHS,
        "weights": PATHS.map(lambda name: f"{name}.h5"),
        "test_tracks": st.lists(NAMES),
        "split": st.floats(0, 1, exclude_min=True, exclude_max=True),
        "checkpoints": st.sampled_from(["", "weights", "weights,error_visualization"]),
        "chopparams": st.builds(ChopParams, step=st.tuples(st.integers(1), st.integers(1)), upper=st.booleans()),
        "model_params": st.builds(ModelParams, alpha1=st.floats(0, 1e300)),
        "optimizer_params": st.builds(OptimizerParams, learning_rate=st.none() | st.floats(1e-300, 1)),
    },
)


@given(OPTIONS)
def test_as_env_reads_back_equal(tmp_path_factory: pytest.TempPathFactory, options: dict[str, Any]) -> None:
    file = tmp_path_factory.getbasetemp() / "env"
    settings = Settings(**options)
    file.write_text(settings.as_env(), encoding="utf-8")
    assert Settings.read(file) == settings


AWKWARD = """a "quoted" 'path' with $HOME, `pwd`, $(pwd), !x, \\n, \\\\, \\" and # ü"""


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
def test_as_env_can_be_sourced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(data=AWKWARD, test_tracks=AWKWARD, chopparams="{'step': [3, 4]}", load=True)
    file = tmp_path / "env"
    file.write_text(settings.as_env(), encoding="utf-8")
    command = f"source {shlex.quote(str(file))} && env -0"
    output = subprocess.run(["bash", "-c", command], check=True, capture_output=True).stdout
    sourced = dict(pair.split("=", 1) for pair in output.decode().split("\0") if pair)
    assert Path(sourced["DATA"]) == Path(AWKWARD)
    for name in [*TABLE, *OURS]:
        monkeypatch.setenv(name, sourced[name])
    assert Settings() == settings


@pytest.mark.parametrize("name", ["data", "test_tracks", "weights"])
def test_line_breaks_are_refused(name: str) -> None:
    assert "must be plain text without line breaks" in message(**{name: "a\nb.h5"})


def test_options_table_lists_every_option_in_order() -> None:
    head, rule, *rows = options_table().splitlines()
    assert head == "| Variable | Description | Possible values | Default |"
    assert rule == "|---|---|---|---|"
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    assert [row[0] for row in cells] == [*TABLE, *OURS]
    assert {row[0] for row in cells if row[1].endswith("(ours)")} == set(OURS)
    assert all(len(row) == 4 and all(row) for row in cells)
    assert {row[0]: row[3].strip('"') for row in cells if row[0] in TABLE} == TABLE
    assert {row[0]: row[2] for row in cells}["CHOPNAME"] == CHOPNAMES


PRESETS = {
    "lps": {
        "LEARN_PHASE": False,
        "CHOPNAME": "random",
        "CHOPPARAMS": {"scale": 256, "step": 64, "slices": 256, "upper": True, "filter": "maximum"},
        "EPOCHS": 30,
        "MODEL_PARAMS": {"alpha1": 0.1, "alpha2": 0.01, "rate": 0},
        "WEIGHTS": "weights/weights_lps.hdf5",
    },
    "ri": {
        "LEARN_PHASE": True,
        "CHOPNAME": "tile",
        "CHOPPARAMS": {"scale": 256, "step": 64, "slices": 256, "upper": False, "filter": "maximum"},
        "EPOCHS": 30,
        "WEIGHTS": "weights/weights_ri.hdf5",
    },
    "acapellabot_retrained": {
        "LEARN_PHASE": False,
        "BATCH_GENERATOR": "keras",
        "CHOPNAME": "tile",
        "CHOPPARAMS": {"scale": 128, "upper": False},
        "EPOCHS": 30,
        "EPOCH_STEPS": 0,
        "NORMALIZER": "dummy",
        "NORMALIZER_PARAMS": {},
        "MODEL": "leaky_dropout",
        "MODEL_PARAMS": {"rate": 0},
        "LOG_BASE": "logs-random",
        "WEIGHTS": "weights/weights_acapellabot_retrained.hdf5",
    },
    "ci": {"EPOCHS": 1, "BATCH": 1, "EPOCH_STEPS": 10},
}


@pytest.mark.parametrize("name", PRESETS)
def test_preset(name: str) -> None:
    assert (ENVS / name).read_text().startswith("# ")
    assert read_exports(ENVS / name).keys() == PRESETS[name].keys()
    assert Settings.read(ENVS / name) == Settings(**PRESETS[name])


def test_default_preset_is_the_table() -> None:
    exported = read_exports(ENVS / "default")
    assert exported.items() >= TABLE.items()
    assert exported.keys() == {name.upper() for name in Settings.model_fields}
    assert Settings.read(ENVS / "default") == Settings()


def test_there_are_no_other_presets() -> None:
    assert {path.name for path in ENVS.iterdir()} == {"default", "bundled", "mir1k", *PRESETS}
    assert Settings.read(ENVS / "bundled").representation_name == "amplitude"
    assert Settings.read(ENVS / "mir1k").model == "tfc_tdf"


def test_the_readme_has_the_table_of_all_options():
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert f"-->\n{options_table().strip()}\n<!-- /options -->" in readme
