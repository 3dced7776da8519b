"""`acapella models`: the list, `get` and `convert`; and names of models for `acapella isolate`."""

import hashlib
import json
import sys
from pathlib import Path

import pytest
from tests.cli.commands import run, stems_in
from tests.onnx_models import write_gain_model

from acapella.conversion import installing


@pytest.fixture
def converted(monkeypatch):
    """What was converted: a stand-in writes a model that gives half of the mixture, and needs no torch."""
    calls = []

    def convert(file, config, output):
        calls.append((file.name, config and config.name, file.read_bytes()))
        write_gain_model(output)

    monkeypatch.setattr(installing, "convert", convert)
    monkeypatch.setattr(installing, "NEEDED", ())
    return calls


@pytest.fixture
def checkpoint(server, models, make_known, content):
    """A known model that must be converted, as a server has it."""
    server.files["/tiny.ckpt"] = content
    return make_known(server.address + "/tiny.ckpt", file="tiny.ckpt", config="mel_band_roformer_kim.yaml")


def test_the_list_is_plain_without_a_terminal(models, make_known, capsys):
    make_known(note="a note", gflop=12, vocals_sdr=({"value": 10.5, "scale": "Multisong"},))
    assert run("models") == 0
    default, tiny, footnote = capsys.readouterr().out.splitlines()
    assert default.startswith("default: bundled; ")
    assert tiny == (
        "tiny_model: known; vocals SDR in dB: 10.5 (Multisong); 12 GFLOP/s; 3.0 MB; vocal, instrumental; "
        "licence of the weights: not stated; credit: somebody; a note"
    )
    assert "different scales must not be compared" in footnote


def test_the_list_on_a_terminal(models, make_known, capsys, monkeypatch):
    make_known(vocals_sdr=({"value": 10.5, "scale": "Multisong"},))
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    assert run("models") == 0
    printed = capsys.readouterr().out
    assert "name                       state           size  GFLOP/s  vocals SDR, dB" in printed
    assert "tiny_model                 known         3.0 MB        —  10.5 (Multisong)" in printed
    assert "licence of the weights: not stated; credit: somebody" in printed


def test_the_list_for_programs(models, make_known, capsys):
    make_known()
    assert run("models", "--json") == 0
    listed = {model["name"]: model for model in json.loads(capsys.readouterr().out)}
    assert listed["tiny_model"]["state"] == "known"
    assert listed["tiny_model"]["bytes"] == 3_000_000
    assert listed["default"]["vocals_sdr"]


def test_get_downloads_what_runs_as_it_is(server, models, make_known, content, capsys):
    server.files["/Tiny-Model.onnx"] = content
    make_known(server.address + "/Tiny-Model.onnx")
    assert run("models", "get", "tiny_model") == 0
    printed = capsys.readouterr()
    assert printed.out == (
        "tiny_model: downloaded Tiny-Model.onnx, 3.0 MB, SHA-256 as published; "
        f"installed as {models / 'Tiny-Model.onnx'}\n"
    )
    assert "Licence of the weights: not stated. Credit: somebody." in printed.err
    assert run("models", "get", "tiny_model") == 0
    assert capsys.readouterr().out == f"tiny_model is installed: {models / 'Tiny-Model.onnx'}\n"


def test_get_converts_and_isolate_finds_it(folder, models, checkpoint, converted, content, capsys):
    assert run("models", "get", "tiny_model") == 0
    assert "converted tiny.ckpt; installed as" in capsys.readouterr().out
    assert converted == [("tiny.ckpt", "mel_band_roformer_kim.yaml", content)]
    assert sorted(path.name for path in models.iterdir() if path.suffix != ".lock") == ["tiny_model.onnx"]
    assert run("song.wav", "--model", "tiny_model") == 0
    assert stems_in(folder) == ["song_instrumental.wav", "song_vocal.wav"]


def test_get_keeps_the_published_file_if_asked(models, checkpoint, converted, content, capsys):
    assert run("models", "get", "tiny_model", "--keep") == 0
    assert f"kept {models / 'tiny.ckpt'}" in capsys.readouterr().out
    assert (models / "tiny.ckpt").read_bytes() == content


@pytest.mark.parametrize("name", ["tiny.ckpt", "renamed.ckpt"])
def test_get_converts_what_lies_there(server, models, checkpoint, converted, content, name):
    models.mkdir()
    (models / "another.ckpt").write_bytes(bytes(len(content)))
    (models / name).write_bytes(content)
    assert run("models", "get", "tiny_model") == 0
    assert server.requests == []
    assert (models / name).exists()
    assert [read for *_, read in converted] == [content]


def test_get_refuses_another_file_of_that_name(models, checkpoint, converted, capsys):
    models.mkdir()
    (models / "tiny.ckpt").write_bytes(b"another")
    assert run("models", "get", "tiny_model") == 1
    assert "is not the file that was published as tiny.ckpt: its SHA-256 differs; remove it" in capsys.readouterr().err
    assert converted == []


def test_a_conversion_that_fails_does_not_cost_a_download(server, models, checkpoint, converted, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(installing, "convert", fail)
        assert run("models", "get", "tiny_model") == 1
    assert run("models", "get", "tiny_model") == 0
    assert len(server.requests) == 1


def test_what_is_not_installed_is_said_before_a_download(server, models, checkpoint, monkeypatch, capsys):
    monkeypatch.setattr(installing, "NEEDED", ("no_such_package",))
    assert run("models", "get", "tiny_model") == 2
    assert "Converting tiny.ckpt needs packages that are not installed: pip install '.[convert]'" in (
        capsys.readouterr().err
    )
    assert server.requests == []


@pytest.mark.parametrize("module", ["filelock", "pooch"])
def test_the_extra_is_named(models, checkpoint, converted, monkeypatch, capsys, module):
    monkeypatch.setitem(sys.modules, module, None)
    assert run("models", "get", "tiny_model") == 2
    assert "pip install '.[models]' in the checkout" in capsys.readouterr().err


def test_unknown_names_are_said(folder, models, make_known, capsys):
    make_known()
    assert run("models", "get", "tinymodel") == 1
    assert "No model tinymodel is known: did you mean tiny_model?" in capsys.readouterr().err
    assert run("song.wav", "--model", "tinymodel") == 2
    assert "There is no model tinymodel: did you mean tiny_model?" in capsys.readouterr().err
    assert run("song.wav", "--model", "tiny_model") == 1
    assert "Error: The model tiny_model is not installed: get it with `acapella models get tiny_model`.\n" in (
        capsys.readouterr().err
    )


def test_convert(folder, converted, capsys):
    Path("mine.ckpt").write_bytes(b"weights")
    Path("its.yaml").write_text("audio: {}")
    assert run("models", "convert", "mine.ckpt", "--config", "its.yaml", "-o", "out.onnx") == 0
    assert capsys.readouterr().out == "mine.ckpt → out.onnx\n"
    assert converted == [("mine.ckpt", "its.yaml", b"weights")]
    assert run("models", "convert", "mine.ckpt") == 0
    assert Path("mine.onnx").exists()
    assert run("models", "convert", "half.onnx") == 0
    assert "half.onnx needs no conversion" in capsys.readouterr().out
    assert run("models", "convert", "nothing.ckpt") == 1
    assert "There is no file nothing.ckpt." in capsys.readouterr().err
    assert run("models", "convert", "mine.ckpt", "--config", "nothing.yaml") == 1


def test_the_bundled_model_needs_nothing_of_the_catalogue(folder, monkeypatch):
    for name in ("acapella.models.catalogue.folder", "pooch", "platformdirs"):
        monkeypatch.setitem(sys.modules, name, None)
    assert run("song.wav") == 0


@pytest.mark.slow
def test_a_checkpoint_is_downloaded_converted_and_used(folder, server, models, make_known, golden):
    pytest.importorskip("torch")
    published = golden / "others/mdx23c.ckpt"
    server.files["/mdx23c.ckpt"] = published.read_bytes()
    config = golden / "others/mdx23c.yaml"
    make_known(
        server.address + "/mdx23c.ckpt",
        family="mdx23c",
        file="mdx23c.ckpt",
        config=str(config),
        bytes=published.stat().st_size,
        sha256=hashlib.sha256(published.read_bytes()).hexdigest(),
    )
    assert run("models", "get", "tiny_model") == 0
    from acapella.isolation.model import open_model

    origin = open_model(models / "tiny_model.onnx").description.origin
    assert (origin.family, origin.checkpoint, origin.credit) == ("mdx23c", "mdx23c.ckpt", "somebody")
    assert run("song.wav", "--model", "tiny_model") == 0
    assert stems_in(folder) == ["song_instrumental.wav", "song_vocal.wav"]
