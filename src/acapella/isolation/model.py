"""An open model: its description, and the runtime that computes its graph."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from acapella.errors import ModelFileError
from acapella.isolation.runtimes import Runtime, open_runtime
from acapella.models.description import ModelDescription
from acapella.models.model_file import is_described, read_description
from acapella.models.schedules import Stateful

MIXTURE = "mixture"  # the graph's input; other people's, which have but one, may call it something else
LARGEST_STATE = 1 << 26  # numbers in all states together, 256 MB


@dataclass(frozen=True)
class Model:
    """A network that is ready to run; `name` is what messages call it."""

    description: ModelDescription
    runtime: Runtime
    name: str = "The model"

    def run(self, *tensors: np.ndarray) -> Sequence[np.ndarray]:
        """The outputs of a network without state for its inputs, in order; shapes as in `models.schedules`."""
        outputs = self.runtime.run(dict(zip(self.runtime.inputs, tensors, strict=True)))
        expected = [self._of_sources(tensor.shape) for tensor in tensors]
        if len(expected) == 2:
            expected.reverse()  # a hybrid network takes the waveform first, and gives the spectrum first
        self._check(outputs, expected)
        return outputs

    def step(self, values: Mapping[str, np.ndarray], states: Mapping[str, np.ndarray]) -> Sequence[np.ndarray]:
        """The output of a network with state for its other inputs, and behind it the new states, in order."""
        outputs = self.runtime.run({**values, **states})
        expected = [self._of_sources(values[MIXTURE].shape), *(state.shape for state in states.values())]
        self._check(outputs, expected)
        return outputs

    def _of_sources(self, mixture: tuple[int, ...]) -> tuple[int, ...]:
        return (mixture[0], len(self.description.sources) * mixture[1], *mixture[2:])

    def _check(self, outputs: Sequence[np.ndarray], expected: Sequence[tuple[int, ...]]) -> None:
        """ModelFileError unless `outputs` have the `expected` shapes, and all of them are numbers."""
        found = [output.shape if isinstance(output, np.ndarray) else None for output in outputs]
        if found != list(expected):
            given, needed = (", ".join(map(str, shapes))[:200] for shapes in (found, expected))
            raise ModelFileError(f"{self.name}: its graph gives {given}, where its description needs {needed}.")
        if any(output.dtype != np.float32 for output in outputs):
            raise ModelFileError(f"{self.name}: its graph gives other numbers than float32.")
        if not all(np.isfinite(output).all() for output in outputs):
            raise ModelFileError(f"{self.name}: its graph gives what is no number, NaN or infinity.")


def open_model(path: Path, runtime: str = "auto", threads: int = 0) -> Model:
    """Open the model file at `path` in the runtime of a name (`RUNTIMES`), with `threads` (0: one for each core).

    ModelFileError where the file is no model, or its graph is not what its description says.
    """
    opened = open_runtime(path, runtime, threads)
    if is_described(opened.metadata):
        description = read_description(opened.metadata, str(path), list(opened.inputs))
    else:
        from acapella.models.mdx_net import describe_mdx_net  # rare

        description = describe_mdx_net(path)
    _check_inputs(opened, description, str(path))
    return Model(description, opened, str(path))


def _check_inputs(runtime: Runtime, description: ModelDescription, name: str) -> None:
    """ModelFileError unless the graph takes just the inputs that the description names, of sizes that can be made."""
    schedule = description.schedule
    if not isinstance(schedule, Stateful):
        expected_number = 2 if description.front_end.kind == "hybrid" else 1
        if len(runtime.inputs) != expected_number:
            given = ", ".join(runtime.inputs)[:200]
            raise ModelFileError(
                f"{name}: its graph takes {given}; by its description it has {expected_number} and no state."
            )
        return
    expected = [MIXTURE, *([schedule.frame_mask] if schedule.frame_mask else []), *schedule.states]
    if sorted(runtime.inputs) != sorted(expected):
        given, needed = (", ".join(names)[:200] for names in (runtime.inputs, expected))
        raise ModelFileError(f"{name}: its graph takes {given}, where its description says {needed}.")
    shapes = {state: runtime.inputs[state] for state in schedule.states}
    if free := next((state for state, shape in shapes.items() if None in shape), None):
        raise ModelFileError(f"{name}: its state {free[:200]} has the shape {list(shapes[free])}, which is not fixed.")
    if sum(prod(size or 0 for size in shape) for shape in shapes.values()) > LARGEST_STATE:
        raise ModelFileError(f"{name}: its states are larger than {LARGEST_STATE} numbers in all.")
