from pathlib import Path
from typing import Any

import pytest
from tests.settings.table import CHOPNAMES, message

from acapella.errors import quoted

ROOT = Path(__file__).parents[2]


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
        ({"weights": "w.pt"}, "WEIGHTS='w.pt' must end in .h5, .hdf5 or .safetensors."),
        ({"data": ""}, "DATA='' must be a path."),
        ({"data": 5}, "DATA=5 must be a path."),
        ({"metrics": 5}, "METRICS=5 must be names separated by commas."),
        ({"metrics": "mean_pred,x"}, "METRICS='mean_pred,x': 'x' is not one of: mean_pred, max_pred."),
        ({"epoch_steps": 0}, "EPOCH_STEPS=0 must be greater than 0 with BATCH_GENERATOR='random'."),
        ({"chopnam": "tile"}, "There is no option CHOPNAM; the nearest is CHOPNAME."),
        ({"_env_file": ".env"}, "There is no option _ENV_FILE; the nearest is DEVICES."),
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
    assert message().startswith(f"CHOPPARAMS={quoted(text)} is not a dictionary such as {{'scale': 128, ")


def test_both_spellings_of_the_learning_rate() -> None:
    text = message(optimizer_params={"lr": 1, "learning_rate": 1})
    assert text.endswith("has both lr and learning_rate, which are the same: give one.")
    assert message(optimizer_params="0.1").endswith("is not a dictionary such as {'lr': 0.001}.")


def test_the_environment_is_checked_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_PARAMS", "{'rate': 1}")
    assert message() == "MODEL_PARAMS={'rate': 1}: rate=1 must be less than 1."


@pytest.mark.parametrize("name", ["data", "test_tracks", "weights"])
def test_line_breaks_are_refused(name: str) -> None:
    assert "must be plain text without line breaks" in message(**{name: "a\nb.h5"})
