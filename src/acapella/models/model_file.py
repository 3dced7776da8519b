"""The model file: one ONNX graph whose metadata says how to feed it and where it comes from."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from acapella.errors import ModelFileError
from acapella.models.front_ends import SpectralFrontEnd

FORMAT_VERSION = 2
READABLE = ("1", "2")  # 1 had no networks with a memory
DEFAULT_MODEL = "default"
SHORTEST_BLOCK = 256  # frames
MEMORY_BLOCK = 128  # frames: longer blocks are hardly faster
LONGEST_MEMORY_BLOCK = 1024


@dataclass(frozen=True)
class ModelCard:
    """What a model file says about itself.

    `reach` is how many frames to either side an output frame depends on; blocks must start at multiples of `stride`.
    A network with a `delay` remembers what came before: it takes blocks in order, and its output is so many frames
    late.
    """

    codec: SpectralFrontEnd
    network: str
    reach: int
    stride: int
    delay: int = 0
    licence: str = ""
    training: dict[str, Any] = field(default_factory=dict)

    @property
    def context(self) -> int:
        """Frames that a block needs on either side, a multiple of `stride`."""
        return -(-self.reach // self.stride) * self.stride

    def block(self, frames: int | None = None) -> int:
        """Length of a block, context not counted: `frames`, rounded up to a multiple of `stride`.

        By default a context is at most half of it: longer blocks compute less twice, and need more memory. A network
        that remembers computes nothing twice, and takes no blocks of more than `LONGEST_MEMORY_BLOCK`.
        """
        if self.delay:
            wanted = min(frames or MEMORY_BLOCK, LONGEST_MEMORY_BLOCK)
        else:
            wanted = frames or max(SHORTEST_BLOCK, 2 * self.context)
        return -(-wanted // self.stride) * self.stride

    def to_metadata(self) -> dict[str, str]:
        """As the strings that ONNX can carry."""
        shape = {"name": self.network, "reach": self.reach, "stride": self.stride, "delay": self.delay}
        return {
            "acapella_format": str(FORMAT_VERSION),
            "acapella_codec": self.codec.to_json(),
            "acapella_network": json.dumps(shape),
            "acapella_licence": self.licence,
            "acapella_training": json.dumps(self.training),
        }

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str], name: str) -> "ModelCard":
        """Read back; `name` is the file's, for messages."""
        version = metadata.get("acapella_format")
        if version is None:
            raise ModelFileError(f"{name} is an ONNX file, but not a model of Acapella.")
        if version not in READABLE:
            raise ModelFileError(
                f"{name} has model format {version}; this version of Acapella reads formats {' and '.join(READABLE)}."
            )
        network = json.loads(metadata["acapella_network"])
        return cls(
            codec=SpectralFrontEnd.from_json(metadata["acapella_codec"]),
            network=network["name"],
            reach=network["reach"],
            stride=network["stride"],
            delay=network.get("delay", 0),
            licence=metadata["acapella_licence"],
            training=json.loads(metadata["acapella_training"]),
        )

    def summary(self) -> dict[str, Any]:
        """Everything as plain values."""
        return asdict(self)


def bundled_models() -> dict[str, Path]:
    """The models that come with the package, by name."""
    folder = Path(str(resources.files("acapella.models")))
    return {path.stem: path for path in sorted(folder.glob("*.onnx"))}


def find_model(model: str | Path | None) -> Path:
    """The file of a bundled model's name, or of a path; None is the default model."""
    bundled = bundled_models()
    name = DEFAULT_MODEL if model is None else str(model)
    if name in bundled:
        return bundled[name]
    if Path(name).suffix in (".h5", ".hdf5"):
        raise ModelFileError(f"{name} holds weights, not a model: turn it into one with `acapella export {name}`.")
    if Path(name).is_file():
        return Path(name)
    raise ModelFileError(f"There is no model {name}: give an .onnx file or one of: {', '.join(bundled)}.")
