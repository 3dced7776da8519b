import os
from datetime import datetime
from pathlib import Path

from acapella.experiments.run_folder import (
    create_run_folder,
    find_weights,
    last_run,
    mark_as_last,
    newest_run,
    write_settings,
)
from acapella.settings import Settings

NOW = datetime(2026, 11, 22, 12, 30, 5)


def test_a_run_folder_says_when_and_what(tmp_path):
    settings = Settings(log_base=tmp_path / "logs", chopname="full", epochs=3)
    folder = create_run_folder(settings, now=NOW)
    assert folder.name == "2026-11-22_12-30-05_leaky_dropout_ri_full_128_random_percentile_adam_batch8"
    assert Settings.read(folder / "env") == settings
    assert last_run(tmp_path / "logs") is None, "last follows once the run has weights"
    mark_as_last(folder)
    assert last_run(tmp_path / "logs") == folder.resolve()


def test_two_runs_in_a_second_do_not_meet(tmp_path):
    settings = Settings(log_base=tmp_path)
    first, second = create_run_folder(settings, now=NOW), create_run_folder(settings, now=NOW)
    assert first != second
    mark_as_last(first)
    mark_as_last(second)
    assert last_run(tmp_path) == second.resolve()


def test_without_links_last_is_a_text_file(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError("links are not allowed")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    folder = create_run_folder(Settings(log_base=tmp_path), now=NOW)
    mark_as_last(folder)
    assert (tmp_path / "last").is_file()
    assert last_run(tmp_path) == folder
    assert last_run(tmp_path / "elsewhere") is None


def test_weights_are_sought_in_the_last_run_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    weights = Path("weights/w.h5")
    assert find_weights(weights, Path("logs")) is None
    weights.parent.mkdir()
    weights.touch()
    assert find_weights(weights, Path("logs")) == weights
    folder = create_run_folder(Settings(log_base="logs"), now=NOW)
    mark_as_last(folder)
    assert find_weights(weights, Path("logs")) == weights
    (folder / "weights").mkdir()
    (folder / weights).touch()
    assert find_weights(weights, Path("logs")) == (folder / weights).resolve()
    assert find_weights((tmp_path / weights), Path("logs")) == tmp_path / weights


def test_the_newest_run_was_started_or_resumed_last_and_need_not_have_weights(tmp_path):
    assert newest_run(tmp_path) is None
    settings = Settings(log_base=tmp_path)
    first, second = (create_run_folder(settings, name) for name in ("first", "second"))
    mark_as_last(first)
    os.utime(first / "env", ns=(0, 0))
    assert newest_run(tmp_path) == second
    os.utime(second / "env", ns=(0, 0))
    write_settings(settings, first)
    assert newest_run(tmp_path) == first
