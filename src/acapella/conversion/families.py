"""The families of networks whose published checkpoints can be read; the tensors tell which one a file is of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from acapella.conversion import bs_roformer, htdemucs, mdx23c, mel_band_roformer, open_unmix, scnet
from acapella.conversion.torch_files import Shapes, TorchFile, read_torch_file
from acapella.conversion.torch_model import TorchModel
from acapella.conversion.training_config import TrainingConfig
from acapella.errors import ModelFileError


@dataclass(frozen=True)
class Family:
    """How the checkpoints of one family are read.

    `matches`: whether a checkpoint with tensors of these names and shapes is of the family. `read`: its network and
    description; a ModelFileError for what is not known or contradicts itself. `stored_config`: what a file says of
    its network itself, where files of the family do.
    """

    matches: Callable[[Shapes], bool]
    read: Callable[[Mapping[str, Tensor], TrainingConfig, str], TorchModel]
    stored_config: Callable[[TorchFile], TrainingConfig] | None = None


FAMILIES = {
    "mel_band_roformer": Family(mel_band_roformer.matches, mel_band_roformer.read),
    "bs_roformer": Family(bs_roformer.matches, bs_roformer.read),
    "mdx23c": Family(mdx23c.matches, mdx23c.read),
    "htdemucs": Family(htdemucs.matches, htdemucs.read, htdemucs.stored_config),
    "scnet": Family(scnet.matches, scnet.read),
    "open_unmix": Family(open_unmix.matches, open_unmix.read, open_unmix.stored_config),
}


def read_published(path: Path, config: Path | None) -> TorchModel:
    """The network of the checkpoint at `path`, with the YAML file `config` that was published with it, if there is one.

    Raises ModelFileError for a file of no known family, or one that does not say enough of itself without `config`.
    """
    file = read_torch_file(path)
    for name, family in FAMILIES.items():
        if family.matches(file.shapes):
            return family.read(file.tensors, _config(file, config, name, family), path.name)
    known = ", ".join(FAMILIES)
    raise ModelFileError(f"{path} is a checkpoint of no family that is known; these are: {known}.")


def _config(file: TorchFile, config: Path | None, name: str, family: Family) -> TrainingConfig:
    if config:
        return TrainingConfig.read(config)
    if family.stored_config:
        return family.stored_config(file)
    raise ModelFileError(f"{file.name} is a {name}; its YAML file is needed too: name it as config.")
