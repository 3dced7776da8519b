"""The tensors of a published checkpoint, taken one by one: none may be missing, of another shape, or left over."""

import re
from collections.abc import Mapping

from torch import Tensor, nn

from acapella.conversion.training_config import TrainingConfig
from acapella.errors import ModelFileError


class Weights:
    """Tensors by name, each to be taken once."""

    def __init__(self, tensors: Mapping[str, Tensor], name: str) -> None:
        self.name = name
        self._tensors = dict(tensors)

    def __contains__(self, tensor: str) -> bool:
        return tensor in self._tensors

    def shape(self, tensor: str, dimensions: int) -> tuple[int, ...]:
        """The shape of a tensor that must be there, with so many dimensions."""
        if tensor not in self._tensors:
            raise ModelFileError(f"{self.name} has no tensor {tensor}.")
        shape = tuple(self._tensors[tensor].shape)
        if len(shape) != dimensions or 0 in shape:
            raise ModelFileError(
                f"{self.name}: the tensor {tensor} has the shape {shape}, not {dimensions} dimensions."
            )
        return shape

    def take(self, tensor: str, *shape: int) -> Tensor:
        """The tensor, which must have this shape."""
        found = self.shape(tensor, len(shape))
        if found != shape:
            raise ModelFileError(f"{self.name}: the tensor {tensor} has the shape {found} where {shape} is needed.")
        return self._tensors.pop(tensor)

    def count(self, pattern: str) -> int:
        """How many different whole numbers stand for the {} of the `pattern`, from 0 on, at the start of a name."""
        expression = re.compile(re.escape(pattern).replace(r"\{\}", r"(\d{1,6})"))
        numbers = {int(match[1]) for name in self._tensors if (match := expression.match(name))}
        if numbers != set(range(len(numbers))):
            raise ModelFileError(f"{self.name}: the tensors {pattern} are not numbered from 0 without gaps.")
        return len(numbers)

    def load(self, network: nn.Module, state: Mapping[str, Tensor]) -> None:
        """Fill the network with `state`, once nothing is left over."""
        if self._tensors:
            first, *others = sorted(self._tensors)
            more = f" and {len(others)} more" if others else ""
            raise ModelFileError(f"{self.name} has a tensor that this kind of network does not: {first}{more}.")
        network.load_state_dict(state)

    def load_by_name(self, network: nn.Module) -> None:
        """Fill a network whose tensors have the checkpoint's names."""
        self.load(network, {name: self.take(name, *tensor.shape) for name, tensor in network.state_dict().items()})


def agree(weights: Weights, config: TrainingConfig, key: str, inferred: int, tensor: str) -> None:
    """Raise where the YAML file says another number than the tensor does."""
    if config.has(key) and (said := config.integer(key, least=0)) != inferred:
        raise ModelFileError(
            f"{config.name} says {key}: {said}, but the tensor {tensor} of {weights.name} says {inferred}."
        )


def refuse_unknown(config: TrainingConfig, section: str, known: frozenset[str]) -> None:
    """Raise where the section has a key that is not known, unless its value says that it is off."""
    for key in config.keys(section):
        if key not in known and config.is_on(f"{section}.{key}"):
            raise ModelFileError(f"{config.name}: {section}.{key} is not known; a network with it cannot be converted.")
