"""Settings own the allowed names; the registries must have just these."""

from typing import get_args

import pytest

from acapella.dsp.choppers import CHOPPERS
from acapella.dsp.normalizers import NORMALIZERS
from acapella.dsp.representations import REPRESENTATIONS
from acapella.errors import SettingsError
from acapella.models.chunk_models import CHUNK_MODELS
from acapella.networks import NETWORKS
from acapella.networks.chunk_networks import CHUNK_NETWORKS
from acapella.settings import Settings, option_types
from acapella.settings.model_params import CHUNK_MODEL_PARAMS
from acapella.settings.text import Allowed
from acapella.training.batches import GENERATORS
from acapella.training.hooks import HOOKS
from acapella.training.loop import PRECISIONS, start_model
from acapella.training.losses import LOSSES, METRICS, WAVEFORM_LOSSES
from acapella.training.optimizers import OPTIMIZERS

REGISTRIES = {
    "ChopName": CHOPPERS,
    "NormalizerName": NORMALIZERS,
    "RepresentationName": REPRESENTATIONS,
    "BatchGeneratorName": GENERATORS,
    "CheckpointName": HOOKS,
    "LossName": {**LOSSES, **WAVEFORM_LOSSES},
    "MetricName": METRICS,
    "OptimizerName": OPTIMIZERS,
    "PrecisionName": PRECISIONS,
}


@pytest.mark.parametrize("name", REGISTRIES)
def test_settings_and_registry_have_the_same_names(name):
    assert set(get_args(getattr(option_types, name))) == set(REGISTRIES[name])


def test_the_options_table_names_all_networks():
    (allowed,) = (mark.text for mark in Settings.model_fields["model"].metadata if isinstance(mark, Allowed))
    names, _, own = allowed.partition(", or ")
    assert names.split(", ") == [*NETWORKS, *CHUNK_NETWORKS]
    assert own.startswith("package.module:Class of your own")


def test_all_networks_that_take_chunks_have_a_description_and_sizes():
    assert list(CHUNK_NETWORKS) == list(CHUNK_MODELS) == list(CHUNK_MODEL_PARAMS)


def test_settings_leave_the_names_of_networks_to_the_registry():
    assert Settings(model="mine").model == "mine"
    with pytest.raises(SettingsError, match="MODEL='mine' is not one of: acapellabot, leaky_dropout, deep_unet"):
        start_model(Settings(model="mine"))
    with pytest.raises(SettingsError, match="MODEL='no name' must be the name of a network"):
        Settings(model="no name")
