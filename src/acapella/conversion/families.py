"""The families of networks whose published checkpoints can be read; the tensors tell which one a file is of."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from torch import Tensor

from acapella.conversion import bs_roformer, mdx23c, mel_band_roformer
from acapella.conversion.checkpoints import Shapes, read_checkpoint, shapes
from acapella.conversion.published import Published
from acapella.conversion.training_config import TrainingConfig
from acapella.errors import ModelFileError


class Family(Protocol):
    """A module that reads the checkpoints of one family."""

    def matches(self, shapes: Shapes) -> bool:
        """Whether a checkpoint with tensors of these names and shapes is of the family."""

    def read(self, tensors: Mapping[str, Tensor], config: TrainingConfig, name: str) -> Published:
        """The network and its description; ModelFileError for what is not known or contradicts itself."""


FAMILIES: dict[str, Family] = {
    "mel_band_roformer": mel_band_roformer,
    "bs_roformer": bs_roformer,
    "mdx23c": mdx23c,
}


def read_published(path: Path, config: Path | None) -> Published:
    """The network of the checkpoint at `path`, with the YAML file `config` that was published with it."""
    tensors = read_checkpoint(path)
    found = shapes(tensors)
    for name, family in FAMILIES.items():
        if family.matches(found):
            if config is None:
                raise ModelFileError(f"{path} is a {name}; its YAML file is needed too: name it as config.")
            return family.read(tensors, TrainingConfig.read(config), path.name)
    known = ", ".join(FAMILIES)
    raise ModelFileError(f"{path} is a checkpoint of no family that is known; these are: {known}.")
