"""Trainings that cannot go well: each says so in a sentence, and what can be done is done."""

import shutil

import h5py
import numpy as np
import pytest
import soundfile
import torch
from tests.made import write_corpus

from acapella.conversion.weight_files import load_weights, save_weights
from acapella.errors import CorpusError, ModelFileError, SettingsError, TrainingError
from acapella.experiments.training_run import resume, train
from acapella.networks import build_network
from acapella.settings import Settings
from acapella.settings.option_types import ModelParams, OptimizerParams
from acapella.training.resume import check_resume_point


@pytest.fixture
def settings(tmp_path):
    write_corpus(tmp_path / "corpus", tracks=4, seconds=0.5)
    return Settings(
        data=tmp_path / "corpus", log_base=tmp_path / "logs", fft=64, sample_rate=8000, batch=2, epochs=1,
        epoch_steps=4, chopparams={"scale": 16}, checkpoints="", normalizer="dummy", metrics="",
    )  # fmt: skip


@pytest.fixture
def network():
    return build_network("leaky_dropout", 1, 33, ModelParams(), signed=False)


class Listener(list):
    """Keeps what a training says."""

    def __call__(self, event):
        self.append(getattr(event, "text", ""))


def test_a_loss_that_is_no_number_ends_the_training(settings):
    diverging = settings.model_copy(update={"optimizer_params": OptimizerParams(learning_rate=1000), "epoch_steps": 16})
    with pytest.raises(TrainingError, match=r"loss became (inf|nan) in epoch 1, batch \d+, .*learning rate"):
        train(diverging)
    assert not (settings.log_base / "last").exists()


def test_a_corrupt_track_is_skipped_by_name_and_all_corrupt_is_an_error(settings):
    said = Listener()
    (settings.data / "track0_vocal.wav").write_bytes(b"RIFF nothing")
    monkey = settings.model_copy(update={"split": 0.5})
    with pytest.raises(TrainingError, match="stop here"):
        train(monkey, lambda event: said(event) or stop_at_the_folder(event))
    assert any(text.startswith("track0 is skipped: ") and "track0_vocal.wav" in text for text in said)
    for path in settings.data.glob("*_vocal.wav"):
        path.write_bytes(b"RIFF nothing")
    with pytest.raises(CorpusError, match="None of the training tracks"):
        train(settings)


def stop_at_the_folder(event):
    if getattr(event, "text", "").startswith("Run folder"):
        raise TrainingError("stop here")


def test_validation_without_any_voice_is_said(settings):
    soundfile.write(settings.data / "track3_vocal.wav", np.zeros(4000), 8000)
    said = Listener()
    with pytest.raises(TrainingError, match="stop here"):
        train(settings.model_copy(update={"split": 0.75}), lambda event: said(event) or stop_at_the_folder(event))
    assert "All validation tracks are silent in vocal: their loss says little of the separation." in said


def test_nothing_to_train_is_an_error(settings):
    with pytest.raises(SettingsError, match="START_EPOCH=7 leaves nothing to train of EPOCHS=7"):
        train(settings.model_copy(update={"start_epoch": 7, "epochs": 7}))
    assert not settings.log_base.exists()


class Trap:
    """Would make a file, if it were unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_damaged_resume_points_are_named_and_never_run(tmp_path):
    path, trap = tmp_path / "resume.ckpt", Trap(tmp_path / "sprung")
    module = torch.nn.Linear(2, 2)
    whole = {"state_dict": module.state_dict(), "loops": {}, "optimizer_states": [], "callbacks": {}}
    whole |= {"epoch": 0, "global_step": 0, "sums": {}, "steps": 1}
    torch.save(whole, path)
    check_resume_point(path, module)
    for harmed in (b"", b"text", path.read_bytes()[:400]):
        path.write_bytes(harmed)
        with pytest.raises(ModelFileError, match=r"resume\.ckpt is damaged"):
            check_resume_point(path, module)
    for content, reason in (
        ([1], "is damaged"),
        ({**whole, "trap": trap}, "is damaged"),
        ({"state_dict": module.state_dict()}, "lacks callbacks, epoch"),
        ({**whole, "state_dict": {"weight": torch.zeros(3)}}, "of another network"),
    ):
        torch.save(content, path)
        with pytest.raises(ModelFileError, match=reason):
            check_resume_point(path, module)
    assert not trap.path.exists()


def test_a_run_whose_resume_point_is_a_folder_cannot_be_resumed(tmp_path):
    (tmp_path / "run/resume.ckpt").mkdir(parents=True)
    (tmp_path / "run/env").touch()
    with pytest.raises(Exception, match=r"holds no resume\.ckpt"):
        resume(tmp_path / "run")


def other_kernel(change):
    """A change of a weight file that replaces its first kernel."""

    def apply(file):
        layer = file["conv2d"]
        shape = layer["conv2d/kernel:0"].shape
        del layer["conv2d/kernel:0"]
        change(layer, "conv2d/kernel:0", shape)

    return apply


def virtual(layer, name, shape):
    layout = h5py.VirtualLayout(shape, "f4")
    layout[...] = h5py.VirtualSource("other.h5", "x", shape)
    layer.create_virtual_dataset(name, layout)


def in_one_piece(layer, name, shape):
    layer.create_dataset(name, shape, "f4", maxshape=(None,) * 4, chunks=(300, 300, 30, 30), compression="gzip")


HARMED = {
    "external raw data": (
        other_kernel(
            lambda layer, name, shape: layer.create_dataset(
                name, shape, "f4", external=[("beside.bin", 0, h5py.h5f.UNLIMITED)]
            )
        ),
        "lie in another file",
    ),
    "virtual": (other_kernel(virtual), "lie in another file"),
    "external link": (
        other_kernel(lambda layer, name, shape: layer.__setitem__(name, h5py.ExternalLink("beside.bin", "/x"))),
        "is a link",
    ),
    "soft link": (
        other_kernel(lambda layer, name, shape: layer.__setitem__(name, h5py.SoftLink("/conv2d_1/kernel:0"))),
        "is a link",
    ),
    "complex": (other_kernel(lambda layer, name, shape: layer.create_dataset(name, shape, "c8")), "no.* real numbers"),
    "compound": (
        other_kernel(lambda layer, name, shape: layer.create_dataset(name, shape, np.dtype([("a", "f4")]))),
        "no.* real numbers",
    ),
    "huge chunks": (other_kernel(in_one_piece), "larger parts"),
    "a link to the layers": (
        lambda file: file.__setitem__("model_weights", h5py.ExternalLink("beside.bin", "/")),
        "is a link",
    ),
}


@pytest.mark.parametrize("name", HARMED)
def test_weights_that_lie_elsewhere_or_are_no_numbers_are_refused(tmp_path, network, monkeypatch, name):
    change, reason = HARMED[name]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "beside.bin").write_bytes(bytes(10_000))
    path = save_weights(network, tmp_path / "w.h5")
    shutil.copy(path, "harmed.h5")
    with h5py.File("harmed.h5", "a") as file:
        change(file)
    with pytest.raises(ModelFileError, match=rf"harmed\.h5 cannot be read.*{reason}"):
        load_weights(network, tmp_path / "harmed.h5")
