"""From the names of models to the system that they make together."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock

from acapella.dsp.stft import fft_library
from acapella.errors import UsageError
from acapella.isolation.model import Model, open_model
from acapella.isolation.runtimes import TakesTurns
from acapella.isolation.single_model import SingleModel
from acapella.isolation.systems import System
from acapella.models.model_file import find_model
from acapella.models.schedules import Chunks

ModelName = str | Path  # of a model, or its file
NO_CHUNKS = "overlap has no effect on a model that does not work in chunks."


@dataclass(frozen=True)
class SystemLoader:
    """Opens models; the fields are what `Isolator.load` is told, and hold for each of them."""

    phase: str = "mixture"
    phase_iterations: int = 10
    overlap: float | None = None
    shifts: int = 0
    seed: int = 0
    tta: Sequence[str] = ()
    runtime: str = "auto"
    threads: int = 0
    _turn: Lock = field(default_factory=Lock)  # the right to compute, of several runs at once

    def load(
        self,
        models: Sequence[ModelName | None],
        weights: Sequence[float] | None = None,
        combine: str = "mean",
        then: ModelName | None = None,
    ) -> System:
        """One model, or an ensemble of several; `then` works on their vocals."""
        if not models:
            raise UsageError("model names no model.", "model")
        alone = len(models) == 1
        if alone and (weights is not None or combine != "mean"):
            argument = "combine" if weights is None else "weights"
            raise UsageError(f"{argument} needs several models, and there is one.", argument)
        single = alone and then is None and not self.shifts and not self.tta
        systems = [self._open(model, takes_turns=not single) for model in models]
        system = systems[0]
        if not alone:
            from acapella.isolation.ensemble import Ensemble  # rare

            system = Ensemble(systems, weights, combine)
        if then is not None:
            from acapella.isolation.chain import Chain  # rare

            system = Chain(system, self._open(then, takes_turns=True))
        return system

    def _open(self, name: ModelName | None, *, takes_turns: bool) -> System:
        """One model, run as often as is asked for."""
        with ThreadPoolExecutor(1) as beside:
            opened = beside.submit(open_model, find_model(name), self.runtime, self.threads)
            fft_library()  # its import takes as long as opening the model
            model = opened.result()
        if takes_turns:
            model = replace(model, runtime=TakesTurns(model.runtime, self._turn))
        system = self._single(model)
        if self.tta:
            from acapella.isolation.repetition import Augmented  # rare

            system = Augmented(system, self.tta)
        if self.shifts:
            from acapella.isolation.repetition import Shifted  # rare

            system = Shifted(system, self.shifts, self.seed)
        return system

    def _single(self, model: Model) -> System:
        """The model alone, with the overlap that is asked for."""
        remarks: tuple[str, ...] = ()
        if self.overlap is not None:
            if isinstance(model.description.schedule, Chunks):
                schedule = model.description.schedule.with_overlap(self.overlap)
                model = replace(model, description=model.description.model_copy(update={"schedule": schedule}))
            else:
                remarks = (NO_CHUNKS,)
        return SingleModel(model, phase=self.phase, phase_iterations=self.phase_iterations, remarks=remarks)
