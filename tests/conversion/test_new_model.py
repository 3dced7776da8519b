"""Models that settings describe, of networks that take chunks."""

import pytest
import torch
from tests.chunk_networks import SMALL, small
from tests.conversion import made_checkpoints as made

from acapella.conversion.new_model import new_model
from acapella.errors import AcapellaError, ModelFileError, SettingsError
from acapella.settings import Settings
from acapella.settings.text import read_literal

CHANGED = {  # each key of MODEL_PARAMS with another value than the small ones
    "mel_band_roformer": {"bands": 6, "time_depth": 2, "band_depth": 2, "mask_layers": 1, "mask_hidden": 8},
    "bs_roformer": {"widths": (32, 33), "features": 16, "depth": 2, "heads": 1, "head_features": 8},
    "htdemucs": {"channels": 16, "growth": 1, "depth": 1, "bottom_channels": 24, "layers": 2, "expansion": 2},
    "mdx23c": {"subbands": 4, "width": 6, "growth": 4, "depth": 2, "blocks": 2, "bottleneck": 2, "norm": "none"},
    "scnet": {"widths": (4,), "kernel": 5, "compression": 2, "dual_layers": 4, "expansion": 2},
}


def shapes(settings: Settings) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in new_model(settings).network.state_dict().items()}


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("sources", [("vocal",), ("drums", "bass")])
def test_the_network_takes_and_gives_what_the_description_says(name, sources):
    torch.manual_seed(0)
    model = new_model(Settings(**small(name), sources=sources, channels=2))
    description = model.description
    assert (description.sources, description.origin.family) == (sources, name)
    assert description.residual == ("instrumental" if sources == ("vocal",) else "residual")
    inputs = [torch.randn(shape) for shape in model.inputs.values()]
    with torch.inference_mode():
        outputs = model.network.eval()(*inputs)
    outputs = outputs[::-1] if isinstance(outputs, tuple) else (outputs,)
    for given, found in zip(inputs, outputs, strict=True):
        assert found.shape == (1, len(sources) * given.shape[1], *given.shape[2:])
        assert found.isfinite().all()


@pytest.mark.parametrize(("name", "key"), [(name, key) for name, keys in CHANGED.items() for key in keys])
def test_each_size_changes_the_network(name, key):
    params = {**read_literal(SMALL[name]), key: CHANGED[name][key]}
    settings = Settings(**{**small(name), "MODEL_PARAMS": params})
    assert shapes(settings) != shapes(Settings(**small(name)))


def test_sizes_are_kept_in_a_run_folder(tmp_path):
    settings = Settings(**small("scnet"), sources="drums,bass")
    (tmp_path / "env").write_text(settings.as_env())
    assert Settings.read(tmp_path / "env") == settings


def test_the_default_of_the_original_stands_for_the_published_sizes():
    default = "{'alpha1': 0.1, 'alpha2': 0.01, 'rate': 0.1}"
    assert Settings(model="scnet", model_params=default) == Settings(model="scnet") == Settings(MODEL="scnet")
    assert Settings(model="scnet").model_params.widths == (32, 64, 128)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"MODEL_PARAMS": "{'alpha1': 0.2}"}, "unknown key 'alpha1'; allowed: features, depth, heads, "),
        ({"MODEL_PARAMS": "{'depth': 0}"}, r"MODEL_PARAMS=\{'depth': 0\}: depth=0 must be greater than 0"),
        ({"MODEL_PARAMS": "{'head_features': 3}"}, "head_features=3 must be a multiple of 2"),
        ({"MODEL_PARAMS": "{'bands': 99, 'depth': 1}"}, "bands=99 are too many for FFT=128"),
        ({"MODEL_PARAMS": "[1]"}, "is not a dictionary such as"),
        ({"BINS": "9"}, "BINS=9 does not go with MODEL='mel_band_roformer'"),
        ({"LEARN_PHASE": "False"}, "takes real and imaginary parts: set LEARN_PHASE=True"),
        ({"CHOPPARAMS": "{'scale': 4}"}, "scale must be more than 4"),
        ({"CHOPPARAMS": "{'scale': 1000000}"}, "CHOPPARAMS scale=1000000 with MODEL='mel_band_roformer': .* 8388608"),
        ({"SOURCES": "Drums"}, "SOURCES='Drums': 'Drums' is no source"),
        ({"SOURCES": "residual"}, "must have different names"),
        ({"MODEL": "bs_roformer", "MODEL_PARAMS": "{'widths': (3, 4)}"}, "widths sum to 7 bins, but FFT=128 has 65"),
        ({"MODEL": "bs_roformer", "MODEL_PARAMS": "{'widths': (3, 0)}"}, "widths=0 must be greater than 0"),
        ({"MODEL": "htdemucs", "MODEL_PARAMS": "{'heads': 3}"}, "512 features in the transformer"),
        ({"MODEL": "htdemucs", "MODEL_PARAMS": "", "FFT": "132"}, "FFT=132: .*multiple of 8"),
        ({"MODEL": "mdx23c", "MODEL_PARAMS": "{'depth': 9}"}, "need a multiple of 2048 bins, 8192 or more; FFT=128"),
        ({"MODEL": "mdx23c", "MODEL_PARAMS": "{'depth': 1, 'norm': 'x'}"}, "norm='x' is not one of"),
        ({"MODEL": "scnet", "MODEL_PARAMS": "{'kernel': 2}"}, "an even kernel"),
        ({"MODEL": "scnet", "MODEL_PARAMS": "{'widths': (2,)}"}, "a width below its compression, 4"),
        ({"MODEL": "tfc_tdf", "MODEL_PARAMS": "", "SOURCES": "drums,bass"}, "MODEL='tfc_tdf' predicts one source"),
        ({"MODEL": "nothing", "MODEL_PARAMS": ""}, "is not one of: acapellabot, .*, mel_band_roformer, .*, scnet"),
        ({"FINE_TUNE": "nowhere.ckpt"}, r"There is no checkpoint nowhere\.ckpt"),
    ],
)
def test_what_does_not_go_together_is_one_sentence(options, sentence):
    with pytest.raises(AcapellaError, match=sentence) as caught:
        new_model(Settings(**{**small("mel_band_roformer"), **options}))
    assert str(caught.value).count("\n") == 0


def test_a_checkpoint_decides_all_but_the_name_of_its_family(tmp_path):
    torch.manual_seed(0)
    path, config = made.save(tmp_path, made.bs_roformer(), made.bs_config())
    model = new_model(Settings(model="bs_roformer", fine_tune=path))
    description = model.description
    assert (description.front_end.window_length, description.schedule.length) == (32, 320)
    assert (description.origin.checkpoint, len(description.origin.sha256)) == ("model.ckpt", 64)
    with pytest.raises(SettingsError, match=r"model\.ckpt' is of the family bs_roformer: set MODEL=bs_roformer"):
        new_model(Settings(model="scnet", fine_tune=path))
    config.unlink()
    with pytest.raises(ModelFileError, match="its YAML file is needed"):
        new_model(Settings(model="bs_roformer", fine_tune=path))
