"""Model files on their way to other machines."""

import pytest

from acapella.jobs.job import Job, ModelChoice
from acapella.jobs.model_files import KeptFiles, ModelFiles


def itself(content):
    return content


@pytest.fixture
def models(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.onnx").write_bytes(name.encode())
    return [tmp_path / f"{name}.onnx" for name in "ab"]


def arrived(choice, folder):
    """The model as another machine opens it."""
    files = ModelFiles(itself, itself).of(Job(folder / "song.wav", {}, choice))
    return KeptFiles(folder / "there").with_files(choice, files)


def test_all_models_of_a_job_arrive(models, tmp_path):
    a, b = models
    ensemble = arrived(ModelChoice((str(a), b), weights=(2, 1), then=str(b)), tmp_path)
    assert [path.read_bytes() for path in ensemble.model] == [b"a", b"b"]
    assert ensemble.then.read_bytes() == b"b"
    assert ensemble.weights == (2, 1)
    assert ensemble.name == "a+b+b"
    assert tmp_path / "there" in ensemble.then.parents
    assert arrived(ModelChoice(a), tmp_path).model.read_bytes() == b"a"


@pytest.mark.parametrize("choice", [ModelChoice(), ModelChoice("default")])
def test_bundled_models_are_there_already(choice, tmp_path):
    assert arrived(choice, tmp_path) == choice
    assert not (tmp_path / "there").exists()


def test_a_model_is_handed_over_once(models, tmp_path):
    handed = []
    files = ModelFiles(handed.append, itself)
    for _ in range(3):
        files.of(Job(tmp_path / "song.wav", {}, ModelChoice(models[0])))
    assert handed == [b"a"]


def test_a_file_that_somebody_has_changed_is_not_used(models, tmp_path):
    first = arrived(ModelChoice(models[0]), tmp_path)
    first.model.write_bytes(b"changed")
    assert arrived(ModelChoice(models[0]), tmp_path).model.read_bytes() == b"a"
