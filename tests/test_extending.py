"""Does what docs/extending.md says, with the code that stands there."""

import re
import runpy
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import soundfile
import torch
from tests.cli.commands import run as run_command
from tests.made import clicks, tone
from tests.networks import test_conformance as conformance
from tests.networks.streams import through_network

from acapella import Isolator, Settings, train
from acapella.corpus.importers import DATA_SETS, find_songs, write_song
from acapella.errors import CorpusError
from acapella.models.schedules import Stateful
from acapella.networks import NETWORKS

PAGE = (Path(__file__).parents[1] / "docs/extending.md").read_text(encoding="utf-8")
RATE = 8000
TINY = {
    "FFT": "128",
    "SAMPLE_RATE": str(RATE),
    "BATCH": "4",
    "CHOPPARAMS": "{'scale': 32, 'slices': 8}",
    "EPOCHS": "1",
    "EPOCH_STEPS": "12",
    "CHECKPOINTS": "",
}


def code(section: str) -> list[str]:
    """The blocks of Python in a section of the page."""
    (text,) = re.findall(rf"^## {section}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    return re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def load(text: str, folder: Path, entry: str = "") -> ModuleType:
    """The module whose name stands in the first line of its text, with the `entry` of a registry as its REGISTRY."""
    path = folder / Path(text.splitlines()[0].removeprefix("# ")).name
    path.write_text(f"{text}\n\nREGISTRY = {{{entry}}}\n", encoding="utf-8")
    spec = spec_from_file_location(path.stem, path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def small(tmp_path, monkeypatch):
    """The network of the page, registered."""
    file, line = code("A network")
    for name, build in load(file, tmp_path, line).REGISTRY.items():
        monkeypatch.setitem(NETWORKS, name, build)


def write_tracks(folder: Path, source: str, tracks: int = 3) -> None:
    """Mixtures with a `source` of clicks, and tones as the rest."""
    folder.mkdir()
    for track in range(tracks):
        beats, rest = clicks(1.5, np.random.default_rng(track)), tone(500 + 100 * track, 1.5, RATE)
        for part, audio in {"all": beats + rest, source: beats, "instrumental": rest}.items():
            soundfile.write(folder / f"track{track}_{part}.wav", audio, RATE, subtype="FLOAT")


def place(section: str, folder: Path) -> list[Path]:
    """The files of a section, written into a folder."""
    files = []
    for text in code(section):
        files.append(folder / text.splitlines()[0].removeprefix("# "))
        files[-1].write_text(text, encoding="utf-8")
    return files


@pytest.mark.slow  # three checks, two trainings
def test_your_own_network_and_loss(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_tracks(tmp_path / "corpus", "vocal")
    _, script = place("Your own network and loss", tmp_path)
    soundfile.write("song.wav", tone(700, 1, RATE), RATE)
    own = {"MODEL": "mine:Mask", "MODEL_PARAMS": "{'width': 8}", "LOSS": "mine:negative_sdr", "NORMALIZER": "dummy"}
    for name, value in {**TINY, **own, "DATA": "corpus", "EPOCH_STEPS": "4"}.items():
        monkeypatch.setenv(name, value)
    assert run_command("train", "--check") == 0
    assert run_command("train", "--data", "corpus") == 0
    assert Isolator.load("logs/last/weights/weights.onnx").description.origin.family == "mine:Mask"
    monkeypatch.delenv("LOSS")
    runpy.run_path(str(script))
    assert (tmp_path / "stems/song_vocal.wav").is_file()


@pytest.mark.slow
def test_a_network_in_chunks(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_tracks(tmp_path / "corpus", "drums")
    for track in range(3):
        (tmp_path / f"corpus/track{track}_instrumental.wav").rename(tmp_path / f"corpus/track{track}_bass.wav")
    place("A network in chunks", tmp_path)
    run = train(Settings(**TINY, DATA="corpus", MODEL="filters:Filters", SOURCES="drums,bass"))
    isolator = Isolator.load(run.model)
    assert isolator.stems == ("drums", "bass", "residual")
    song = tone(700, 1, RATE) + clicks(1, np.random.default_rng(9))
    assert sum(isolator.isolate(song, RATE).values()) == pytest.approx(song, abs=1e-6)


def test_a_network(small, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_tracks(tmp_path / "corpus", "vocal")
    run = train(Settings(**TINY, MODEL="small", DATA="corpus", LEARN_PHASE="False"))
    assert run.weights.name == "weights.safetensors"
    isolator = Isolator.load(run.model)
    schedule = isolator.description.schedule
    assert isinstance(schedule, Stateful)
    assert (schedule.latency, schedule.stride) == (4, 1)
    song = tone(700, 1, RATE) + clicks(1, np.random.default_rng(9))
    stems = isolator.isolate(song, RATE)
    np.testing.assert_allclose(stems["vocal"] + stems["instrumental"], song, atol=1e-6)
    assert 0.1 < np.abs(stems["vocal"]).max() / np.abs(song).max() < 0.99


def test_the_network_conforms(small):
    conformance.test_the_context_is_just_what_influences_an_output_frame("small")
    conformance.test_blocks_on_the_grid_of_the_stride_give_the_values_of_the_whole("small", signed=True)
    network, mixture = conformance.make("small"), conformance.song(50)
    with torch.inference_mode():
        expected = network(mixture)
        actual = through_network(network.streaming(conformance.BINS), mixture, (7, 1))
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-6)


def test_a_stem(small, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_tracks(tmp_path / "corpus", "drums")
    for name, value in {**TINY, "DATA": "corpus", "MODEL": "small"}.items():
        monkeypatch.setenv(name, value)
    (script,) = code("A stem")
    isolator = Isolator.load(load(script, tmp_path).run.model)
    assert isolator.stems == ("drums", "residual")
    song = tone(700, 1, RATE) + clicks(1, np.random.default_rng(9))
    stems = isolator.isolate(song, RATE)
    np.testing.assert_allclose(stems["drums"] + stems["residual"], song, atol=1e-6)


def test_an_importer(tmp_path, monkeypatch):
    file, line = code("An importer")
    for name, importer in load(file, tmp_path, line).REGISTRY.items():
        monkeypatch.setitem(DATA_SETS, name, importer)
    voice, music = tone(400, 0.5, RATE), clicks(0.5, np.random.default_rng(0))
    for folder, other in (("artist/one", music), ("artist/two", music[:-1])):
        (tmp_path / "pairs" / folder).mkdir(parents=True)
        soundfile.write(tmp_path / "pairs" / folder / "voice.wav", voice, RATE, subtype="FLOAT")
        soundfile.write(tmp_path / "pairs" / folder / "music.wav", other, RATE, subtype="FLOAT")
    one, two = find_songs("pairs", tmp_path / "pairs", tmp_path / "corpus")
    write_song(one, tmp_path / "corpus")
    mixture, _ = soundfile.read(tmp_path / "corpus/artist/one_all.wav", dtype="float32", always_2d=True)
    np.testing.assert_allclose(mixture, voice + music, atol=1e-7)
    with pytest.raises(CorpusError, match=r"two: voice.wav and music.wav differ in length"):
        write_song(two, tmp_path / "corpus")
