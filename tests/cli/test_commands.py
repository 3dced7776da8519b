"""What all commands have in common, and the small ones."""

import sys

import pytest
from tests.cli.commands import run

from acapella import __version__, cli


def test_a_mistyped_command_is_said(folder, capsys):
    assert run("trian") == 2
    assert "trian is neither a command nor a file" in capsys.readouterr().err


def test_prepare_names_a_folder_that_is_not_there(folder, capsys):
    assert run("prepare", "mir1k", "nowhere", "corpus") == 1
    assert "nowhere is not a folder" in capsys.readouterr().err


def test_debug_shows_the_traceback(folder):
    with pytest.raises(Exception, match="nowhere"):
        cli.main(["--debug", "nowhere.wav", "--model", "half.onnx"])


@pytest.mark.parametrize("words", [["--help"], [], ["-h"]])
def test_help(words, capsys):
    assert run(*words) == 0
    printed = capsys.readouterr().out
    assert all(command in printed for command in ("isolate", "train", "export", "prepare", "models", "options"))


@pytest.mark.parametrize("command", ["isolate", "train", "export", "prepare", "models", "options"])
def test_help_of_commands_has_an_example(command, capsys):
    assert run(command, "--help") == 0
    assert "Example" in capsys.readouterr().out


def test_version(capsys):
    assert run("--version") == 0
    assert capsys.readouterr().out == f"acapella {__version__}\n"


def test_models_lists_the_default(capsys):
    assert run("models") == 0
    assert capsys.readouterr().out.startswith("default: ")


def test_options_prints_the_table(capsys):
    assert run("options") == 0
    assert "| CHOPNAME |" in capsys.readouterr().out


def test_wrong_settings_end_with_2(folder, monkeypatch, capsys):
    monkeypatch.setenv("CHOPNAME", "tyle")
    assert run("train") == 2
    assert "CHOPNAME='tyle' is not one of: tile, full," in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "module", "extra"),
    [
        (["train"], "acapella.experiments.training_run", "train"),
        (["export", "weights.h5"], "acapella.conversion.export", "train"),
        (["song.wav", "--model", "half.onnx", "--pictures"], "matplotlib.figure", "analysis"),
    ],
)
def test_what_is_not_installed_is_named(folder, monkeypatch, capsys, words, module, extra):
    monkeypatch.setitem(sys.modules, module, None)  # importing it fails as if it were not installed
    assert run(*words) == 2
    assert (
        f"needs packages that are not installed: pip install '.[{extra}]' in the checkout." in capsys.readouterr().err
    )
