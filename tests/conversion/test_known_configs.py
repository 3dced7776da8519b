"""The configurations that come with the catalogue are such as the readers of checkpoints take."""

import pytest

from acapella.conversion import bs_roformer, mdx23c, mel_band_roformer, scnet
from acapella.conversion.published import chunk_schedule, stems
from acapella.conversion.training_config import TrainingConfig
from acapella.models.catalogue.known import known_models

KEYS = {family.FAMILY: family.KEYS for family in (bs_roformer, mdx23c, mel_band_roformer, scnet)}
CONFIGURED = [model for model in known_models().values() if model.config_file]


@pytest.mark.parametrize("model", CONFIGURED, ids=lambda model: model.name)
def test_a_configuration_fits_its_model(model):
    assert model.config_file is not None
    config = TrainingConfig.read(model.config_file)
    assert set(config.keys("model")) <= KEYS[model.family]
    assert chunk_schedule(config)["length"] == config.integer("audio.chunk_size")
    alone = config.has("training.target_instrument")
    names, residual = stems(config, 1 if alone else len(config.texts("training.instruments")), "made up")
    assert set(model.stems) <= {*names, residual}
