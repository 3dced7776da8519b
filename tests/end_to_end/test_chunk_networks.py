"""Networks that take chunks: trained, fine-tuned, resumed; what comes of it separates."""

import json
import math

import numpy as np
import pytest
import soundfile
import torch
from safetensors.torch import load_file
from tests.chunk_networks import SMALL, small
from tests.conversion import made_checkpoints as made
from tests.made import clicks, tone, write_corpus

from acapella import Isolator, Settings
from acapella.conversion.new_model import new_model
from acapella.conversion.torch_runtime import load_in_torch
from acapella.errors import CorpusError, ModelFileError, SettingsError
from acapella.experiments import training_run
from acapella.experiments.training_run import resume, train
from acapella.metrics import si_sdr

RATE = 8000
LEARNING = {  # sizes, examples, and the gain in dB of both stems; more than 9 on one machine, others round otherwise
    "mel_band_roformer": (SMALL["mel_band_roformer"], "100", 6),
    "htdemucs": ("{'channels': 8, 'depth': 1, 'bottom_channels': 0, 'layers': 1, 'heads': 2}", "60", 4),
}


@pytest.fixture
def options(tmp_path, monkeypatch):
    """A corpus and the options of a training of a second, without an export."""
    write_corpus(tmp_path / "corpus", seconds=1, highest=400)
    monkeypatch.setattr(training_run, "export", lambda *_, **__: None)
    places = {"DATA": tmp_path / "corpus", "LOG_BASE": tmp_path / "logs"}
    return {**places, "BATCH": "2", "EPOCH_STEPS": "4", "EPOCHS": "1", "CHECKPOINTS": ""}


@pytest.mark.slow
@pytest.mark.parametrize("name", LEARNING)
def test_training_on_tones_and_clicks_teaches_to_separate_them(name, options, monkeypatch):
    monkeypatch.undo()  # the model file is what is tested
    sizes, examples, gain = LEARNING[name]
    learning = {
        "MODEL_PARAMS": sizes,
        "EPOCH_STEPS": examples,
        "BATCH": "4",
        "OPTIMIZER_PARAMS": "{'lr': 0.01}",
        "LOSS": "waveform_l1",
    }
    run = train(Settings(**{**options, **small(name), **learning, "CHOPPARAMS": "{'scale': 64}"}))
    truth = {"vocal": tone(350, 1, RATE), "instrumental": clicks(1, np.random.default_rng(9))}
    mixture = truth["vocal"] + truth["instrumental"]
    isolator = Isolator.load(run.model)
    assert isolator.description.training["epochs"] == 1
    assert isolator.description.origin.family == name
    stems = isolator.isolate(mixture, RATE)
    for stem, expected in truth.items():
        assert si_sdr(expected, stems[stem]) > si_sdr(expected, mixture) + gain
    np.testing.assert_allclose(stems["vocal"] + stems["instrumental"], mixture, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in SMALL if name not in LEARNING])
def test_the_others_learn_as_well(name, options):
    more = {"EPOCHS": "2", "EPOCH_STEPS": "8", "OPTIMIZER_PARAMS": "{'lr': 0.01}", "SOURCES": "vocal,instrumental"}
    run = train(Settings(**{**options, **small(name), **more}))
    assert run.epochs[1]["val_loss"] < run.epochs[0]["val_loss"]


@pytest.mark.slow
def test_remixes_and_pictures_of_waveforms(options):
    more = {"BATCH_GENERATOR": "remix", "REMIX_PARAMS": "{'speed': 0.1}", "LOSS": "multi_resolution_stft"}
    more |= {"CHECKPOINTS": "tensorboard,weights,error_visualization", "TENSORBOARD_INFO": "full"}
    run = train(Settings(**{**options, **small("bs_roformer"), **more}))
    assert all(math.isfinite(number) for number in run.epochs[0].values())
    assert (run.folder / "best_weights.safetensors").is_file()
    assert (run.folder / "error_visualization/epoch_001_channel_0.png").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bs_roformer", "htdemucs"])
def test_a_resumed_training_ends_as_one_that_was_not_stopped(name, options):
    settings = Settings(**{**options, **small(name), "EPOCHS": "2"})
    whole = train(settings, name="whole")
    parts = train(settings.model_copy(update={"epochs": 1}), name="parts")
    resumed = resume(parts.folder, epochs=2)
    assert resumed.epochs == whole.epochs
    expected = load_file(whole.weights)
    for key, tensor in load_file(resumed.weights).items():
        assert torch.equal(tensor, expected[key])


@pytest.mark.slow
def test_a_published_checkpoint_is_fine_tuned(options, tmp_path, monkeypatch):
    monkeypatch.undo()
    torch.manual_seed(0)
    for path in options["DATA"].glob("*.wav"):  # stereo, as the checkpoint is
        soundfile.write(path, np.repeat(soundfile.read(path)[0][:, None], 2, axis=1), RATE, subtype="FLOAT")
    config = {**made.bs_config(depth=1), "inference": {"num_overlap": 2}}
    path, _ = made.save(tmp_path, made.bs_roformer(depth=1), config)
    before = {name: tensor.clone() for name, tensor in new_model(
        Settings(model="bs_roformer", fine_tune=path)
    ).network.state_dict().items()}  # fmt: skip
    notes = []
    settings = Settings(**{**options, "MODEL": "bs_roformer", "FINE_TUNE": path, "OPTIMIZER_PARAMS": "{'lr': 1e-5}"})
    run = train(settings, notes.append)
    assert any(
        getattr(note, "text", "") == "The checkpoint says: 8000 Hz, 2 channel(s), chunks of 0.0 s, sources vocal."
        for note in notes
    )
    distances = [float((tensor - before[name]).abs().max()) for name, tensor in load_file(run.weights).items()]
    assert 0 < max(distances) < 1e-4
    description = Isolator.load(run.model).description
    monkeypatch.setattr(training_run, "export", lambda *_, **__: None)  # once is enough
    assert (description.front_end.window_length, description.origin.checkpoint) == (32, "model.ckpt")
    resumed = resume(run.folder, epochs=2)
    assert [epoch["epoch"] for epoch in resumed.epochs] == [1, 2]
    assert json.loads((run.folder / "metrics.json").read_text())[0] == run.epochs[0]
    path.unlink()
    with pytest.raises(ModelFileError, match="There is no checkpoint"):
        resume(run.folder, epochs=3)


@pytest.mark.slow
def test_weights_of_an_earlier_run_are_loaded(options, tmp_path):
    settings = Settings(**{**options, **small("scnet"), "WEIGHTS": "mine.safetensors"})
    first = train(settings)
    (tmp_path / "logs/last").unlink()
    again = settings.model_copy(
        update={"load": True, "weights": first.weights, "log_base": tmp_path / "other", "epochs": 1}
    )
    start = training_run.start_model(again, training_run.weights_to_load(again)).network.state_dict()
    for key, tensor in load_file(first.weights).items():
        assert torch.equal(tensor, start[key])
    model = load_in_torch(first.weights, settings)
    assert model.run(np.zeros((1, 2, 65, 18), np.float32))[0].shape == (1, 2, 65, 18)
    other = Settings(**{**options, **small("mdx23c"), "WEIGHTS": first.weights, "LOAD": "True"})
    with pytest.raises(ModelFileError, match="does not fit the network"):
        train(other)


@pytest.mark.slow
def test_our_own_networks_learn_from_waveforms_too(options):
    learning = {"MODEL": "tfc_tdf", "FFT": "128", "SAMPLE_RATE": str(RATE), "NORMALIZER": "dummy", "EPOCHS": "2"}
    learning |= {"LOSS": "multi_resolution_stft", "CHOPPARAMS": "{'scale': 32}", "EPOCH_STEPS": "16"}
    run = train(Settings(**{**options, **learning, "OPTIMIZER_PARAMS": "{'lr': 0.003}"}))
    assert run.epochs[1]["val_loss"] < run.epochs[0]["val_loss"]


@pytest.mark.parametrize(
    ("changed", "error", "sentence"),
    [
        ({"MODEL": "tfc_tdf", "MODEL_PARAMS": ""}, SettingsError, "LOSS='waveform_l1' compares waveforms"),
        ({"SOURCES": "drums"}, CorpusError, "holds no track with NAME_all and NAME_drums"),
        ({"CHOPPARAMS": "{'scale': 9999}"}, CorpusError, "cuts no slice from the training tracks"),
        ({"CHOPNAME": "infere"}, SettingsError, "is for isolating only"),
    ],
)
def test_what_cannot_be_trained_is_one_sentence(changed, error, sentence, options):
    with pytest.raises(error, match=sentence):
        train(Settings(**{**options, **small("htdemucs"), "LOSS": "waveform_l1", **changed}))
    assert not list(options["LOG_BASE"].glob("*"))
