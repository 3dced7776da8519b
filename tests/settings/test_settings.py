import os
import pickle
from pathlib import Path
from typing import Any

import pytest
from tests.settings.table import TABLE

from acapella.settings import Settings
from acapella.settings.option_types import ChopParams, OptimizerParams

ROOT = Path(__file__).parents[2]


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


def test_epoch_steps_zero_needs_an_end_of_slices() -> None:
    assert Settings(epoch_steps=0, batch_generator="track").epoch_steps == 0
