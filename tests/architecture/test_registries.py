"""Settings own the allowed names; the registries must have just these."""

from typing import get_args

import pytest

from acapella.dsp.choppers import CHOPPERS
from acapella.dsp.normalizers import NORMALIZERS
from acapella.dsp.representations import REPRESENTATIONS
from acapella.networks import NETWORKS
from acapella.settings import option_types
from acapella.training.batches import GENERATORS
from acapella.training.hooks import HOOKS
from acapella.training.loop import PRECISIONS
from acapella.training.losses import LOSSES, METRICS
from acapella.training.optimizers import OPTIMIZERS

REGISTRIES = {
    "ChopName": CHOPPERS,
    "NormalizerName": NORMALIZERS,
    "RepresentationName": REPRESENTATIONS,
    "BatchGeneratorName": GENERATORS,
    "CheckpointName": HOOKS,
    "LossName": LOSSES,
    "MetricName": METRICS,
    "ModelName": NETWORKS,
    "OptimizerName": OPTIMIZERS,
    "PrecisionName": PRECISIONS,
}


@pytest.mark.parametrize("name", REGISTRIES)
def test_settings_and_registry_have_the_same_names(name):
    assert set(get_args(getattr(option_types, name))) == set(REGISTRIES[name])
