import numpy as np
import pytest
import torch

from acapella.conversion.torch_runtime import load_in_torch
from acapella.conversion.weight_files import save_weights
from acapella.isolation.frames import run_network
from acapella.models.schedules import Context
from acapella.settings import Settings
from acapella.training.loop import start_model


@pytest.mark.parametrize("suffix", ["h5", "safetensors"])
def test_weights_run_in_torch_as_a_model_file_would(suffix, tmp_path, rng):
    settings = Settings(fft=64, channels=2, instrumental=True)
    network = start_model(settings).network.eval()
    model = load_in_torch(save_weights(network, tmp_path / f"weights.{suffix}"), settings)
    assert model.description.sources == ("instrumental",)
    assert model.description.schedule == Context(context=network.context, stride=network.stride)
    mixture = rng.standard_normal((2, 4, 33, 300), np.float32)
    with torch.inference_mode():
        expected = network(torch.from_numpy(mixture)).numpy()
    for block in (None, 40):
        actual = np.concatenate(list(run_network(model, np.array_split(mixture, 5, axis=-1), block)), axis=-1)
        np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
