"""Commands on a Ray cluster, here one of this machine alone that all of them share, do what they do without."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.evaluation.corpora import RATE, write_track
from tests.made import tone, write_corpus, write_song
from tests.onnx_models import write_gain_model
from tests.web.studios import client, upload, wait_for

from acapella import Isolator, cli
from acapella.settings import Settings
from acapella.training.events import BatchDone, Note

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow  # Ray takes seconds to start


@pytest.fixture(scope="module")
def tasks():
    pytest.importorskip("ray", reason="needs ray, of the extra [cluster]")
    from acapella.jobs.ray_tasks import RayTasks

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{ROOT}:{ROOT / 'src'}")
        with RayTasks() as made:
            yield made


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as stop:
        cli.main(["--quiet", *words])
    return stop.value.code or 0


def test_evaluate_gives_the_same_scores(tasks, tmp_path):
    write_gain_model(tmp_path / "half.onnx", representation="ri", sample_rate=RATE)
    for name in "abc":
        write_track(tmp_path / "corpus", name)
    (tmp_path / "corpus/b_vocal.wav").write_text("no audio")
    command = ("evaluate", "--data", "corpus", "--model", "half.onnx", "--metrics", "usdr,si_sdr")
    assert run(*command, "-o", "here") == run(*command, "-o", "there", "--cluster", "local") == 1, "b fails"
    here, there = (Path(folder, "scores.csv").read_text().splitlines() for folder in ("here", "there"))
    assert len(there) == len(here) == 5
    assert there[0] == here[0]
    for one, other in zip(here[1:], there[1:], strict=True):
        (*names, values), (*others, found) = one.split(",", 4), other.split(",", 4)
        assert others == names
        assert np.array(found.split(","), float) == pytest.approx(np.array(values.split(","), float), rel=1e-9)


def test_prepare_writes_the_same_corpus(tasks, capsys):
    Path("source").mkdir()
    for name in "abc":
        soundfile.write(f"source/{name}.wav", tone(100, 0.2, 8000, 2), 8000)
    Path("source/b.wav").write_text("no audio")
    assert run("prepare", "mir1k", "source", "here") == 1
    said = capsys.readouterr().err
    assert run("prepare", "mir1k", "source", "there", "--cluster", "local") == 1
    assert capsys.readouterr().err == said
    here, there = ({path.name: path.read_bytes() for path in Path(name).iterdir()} for name in ("here", "there"))
    assert there == here
    assert len(there) == 6


def test_a_server_separates_there(tasks, tmp_path, monkeypatch):
    from acapella.jobs.ray import RayExecutor

    mixture = write_song(tmp_path / "song.wav", 0.5)
    executor = RayExecutor(actors=1)
    monkeypatch.setattr("tests.web.studios.WAIT", 300)  # an actor starts, on a busy machine perhaps
    with client(tmp_path / "data", executor) as http:
        song = upload(http, (tmp_path / "song.wav").read_bytes())
        bad = upload(http, b"no audio")
        done = wait_for(http, song["id"], "done", "failed")
        assert done["state"] == "done", done
        vocal = next((tmp_path / "data").rglob("vocal.*"))
        found, _ = soundfile.read(vocal, dtype="float32")
        expected = Isolator.load().isolate(mixture, 44100)["vocal"]
        np.testing.assert_allclose(found, expected, atol=1e-4)
        assert wait_for(http, bad["id"], "done", "failed")["state"] == "failed"


def test_two_ranks_train_there(tasks, tmp_path):
    from acapella.experiments.cluster_ranks import RayLauncher
    from acapella.experiments.training_run import train

    write_corpus(tmp_path / "corpus", tracks=2, seconds=0.5)
    settings = Settings(
        data="corpus", log_base="logs", fft=64, sample_rate=8000, batch=3, epochs=1, epoch_steps=8,
        chopparams={"scale": 8}, checkpoints="weights", devices=2,
    )  # fmt: skip
    events = []
    there = train(settings, events.append, launcher=RayLauncher(tasks))
    assert there.model.is_file()
    assert len(there.epochs) == 1
    assert Note(f"Run folder: {there.folder}") in events
    assert [event.batch for event in events if isinstance(event, BatchDone)] == [1, 2, 3]
