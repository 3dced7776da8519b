"""Presets and grids come with the package: a wheel has them, and they are found by name from anywhere."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from acapella import Settings
from acapella.errors import SettingsError
from acapella.settings.presets import find_preset

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("given", ["lps", "envs/lps"])
def test_a_preset_is_found_by_name_from_anywhere(given, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Settings.read(Path(given)).epochs == 30
    (tmp_path / "lps").write_text('export EPOCHS="7"\n')
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs/lps").write_text('export EPOCHS="7"\n')
    assert Settings.read(Path(given)).epochs == 7  # one's own goes first


def test_a_preset_that_is_not_there_is_an_error_that_names_those_that_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match=r"no settings file 'lsp'; presets are: acapellabot_retrained, .*, lps, "):
        find_preset(Path("lsp"))


def test_a_wheel_has_presets_and_grids(tmp_path):
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    shutil.copytree(ROOT / "src/acapella", tmp_path / "installed/acapella")
    for source, target in wheel["force-include"].items():
        shutil.copytree(ROOT / source, tmp_path / "installed" / target)
    (tmp_path / "here").mkdir()
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}

    def run(*words: str) -> str:
        command = [sys.executable, "-m", "acapella", *words]
        done = subprocess.run(
            command, cwd=tmp_path / "here", env=environment, capture_output=True, text=True, check=False
        )
        return done.stderr

    assert run("export", "nowhere.h5", "--env", "lps").startswith("Error: The weight file nowhere.h5 does not exist")
    assert run("search", "batch", "--data", "nowhere").startswith("Error: DATA='nowhere' is not a folder")
