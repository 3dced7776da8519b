"""What executes jobs on another machine: opens a model once, and takes addresses."""

from collections.abc import Mapping
from dataclasses import replace
from traceback import format_exception

from acapella import __version__
from acapella.jobs.events import End, Event, Failed
from acapella.jobs.job import Job, ModelChoice
from acapella.jobs.local import LocalExecutor, OpenIsolator
from acapella.jobs.model_files import KeptFiles, ModelFile
from acapella.process_memory import share_freed_memory


class Actor:
    """In a process of its own that may use so many `cores`, and a GPU or none."""

    def __init__(self, cores: int, has_gpu: bool, open_isolator: OpenIsolator) -> None:
        share_freed_memory()
        self._has_gpu = has_gpu
        self._executor = LocalExecutor(cores, open_isolator)
        self._files = KeptFiles()

    def version(self) -> str:
        """Of Acapella here."""
        return __version__

    def execute(self, job: Job, files: Mapping[str, ModelFile]) -> End:
        """How `job` has ended; `files` are those of its model, by what it calls them."""
        ends: list[End] = []

        def keep(event: Event) -> None:
            if isinstance(event, Failed):  # pickled, it would lose its traceback
                event.error.add_note("".join(format_exception(event.error)))
            if isinstance(event, End):
                ends.append(event)

        self._executor.run([replace(job, model=self._model(job.model, files))], keep)
        return ends[0]

    def cancel(self, job_id: str) -> None:
        """End a job that is executed."""
        self._executor.cancel(job_id)

    def _model(self, model: ModelChoice, files: Mapping[str, ModelFile]) -> ModelChoice:
        """`model` as it can be opened here: the node's GPU may be another actor's."""
        here = self._files.with_files(model, files)
        return replace(here, runtime="onnxruntime") if here.runtime == "auto" and not self._has_gpu else here
