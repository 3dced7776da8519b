"""An open model: its description, and the runtime that computes its graph."""

from collections.abc import Sequence
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
LARGEST_STATE = 1 << 26  # numbers in one state, 256 MB


@dataclass(frozen=True)
class Model:
    """A network that is ready to run."""

    description: ModelDescription
    runtime: Runtime

    def run(self, *tensors: np.ndarray) -> Sequence[np.ndarray]:
        """The outputs of a network without state for its inputs, in order; shapes as in `models.schedules`."""
        return self.runtime.run(dict(zip(self.runtime.inputs, tensors, strict=True)))


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
    return Model(description, opened)


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
    for state in schedule.states:
        shape = runtime.inputs[state]
        if None in shape or prod(size or 0 for size in shape) > LARGEST_STATE:
            raise ModelFileError(f"{name}: its state {state} has the shape {list(shape)}, which cannot be made.")
