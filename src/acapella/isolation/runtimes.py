"""What computes the graph of a model file: ONNX Runtime on the CPU or on a GPU, or OpenVINO."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock, local
from typing import Protocol

import numpy as np

from acapella.errors import MissingExtraError, ModelFileError, UsageError
from acapella.isolation.limits import longest_step, most_memory, watched
from acapella.models.model_file import is_described, read_description
from acapella.models.onnx_bytes import check_onnx_file, read_metadata
from acapella.registry import choose

Shape = tuple[int | None, ...]  # None: any length
CUDA = "CUDAExecutionProvider"
FASTER_IN_OPENVINO = frozenset({"htdemucs", "mel_band_roformer", "bs_roformer"})  # families; benchmarks/others.py
REASON = 160  # characters of a runtime's own message
OUT_OF_MEMORY = re.compile(
    r"bad.?alloc|Available memory of|[Ff]ailed to allocate|[Nn]ot enough memory|[Oo]ut of memory"
)
SESSION = {
    "session.intra_op.allow_spinning": "0",  # other threads need the cores
    "session.use_env_allocators": "1",  # the one that has a limit
    "session.function_expansion_node_limit": "100000",
    "optimization.constant_folding_max_output_size_in_bytes": str(1 << 26),
}


class Runtime(Protocol):
    """An open graph; several threads may run it at the same time."""

    @property
    def inputs(self) -> Mapping[str, Shape]:
        """The shape of each input, by name, in order."""

    @property
    def metadata(self) -> Mapping[str, str]:
        """What the file says about itself."""

    def run(self, values: Mapping[str, np.ndarray]) -> Sequence[np.ndarray]:
        """All outputs, in order, of the inputs by name; the arrays stay as they are when it runs again."""
        ...


class OnnxRuntime:
    """ONNX Runtime, on the CPU with so many `threads`, 0 for one each core, or with CUDA."""

    def __init__(self, path: Path, threads: int, provider: str = "CPUExecutionProvider") -> None:
        import onnxruntime as ort

        _limit_memory()
        self._path, self._bytes = path, path.stat().st_size
        options = ort.SessionOptions()
        options.log_severity_level = 4  # what goes wrong is raised, and said once
        options.intra_op_num_threads = threads
        options.enable_mem_pattern = False  # the same speed with less memory
        for name, value in SESSION.items():
            options.add_session_config_entry(name, value)
        with _limits(path, longest_step(self._bytes), lambda: options.set_load_cancellation_flag(True), "opened"):
            self._session = ort.InferenceSession(path, options, providers=[provider], enable_fallback=0)
            self.metadata = self._session.get_modelmeta().custom_metadata_map
            self.inputs = {
                part.name: tuple(size if isinstance(size, int) else None for size in part.shape)
                for part in self._session.get_inputs()
            }
        if provider not in self._session.get_providers():
            raise UsageError(
                "runtime='cuda' finds no usable GPU: check driver and CUDA, or take 'onnxruntime'.", "runtime"
            )

    def run(self, values: Mapping[str, np.ndarray]) -> Sequence[np.ndarray]:
        """As the protocol says."""
        from onnxruntime import RunOptions

        options = RunOptions()
        options.log_severity_level = 4
        limit = longest_step(self._bytes, sum(value.size for value in values.values()))
        with _limits(self._path, limit, lambda: setattr(options, "terminate", True), "run"):
            outputs: Sequence[np.ndarray] = self._session.run(None, dict(values), options)
        return outputs


class OpenVino:
    """OpenVINO on the CPU, in float32."""

    def __init__(self, path: Path, threads: int) -> None:
        try:
            import openvino
        except ModuleNotFoundError as error:
            raise MissingExtraError("runtime='openvino'", "openvino") from error
        options = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads}
        core = openvino.Core()
        self._path, self._bytes = path, path.stat().st_size
        with _limits(path, longest_step(self._bytes), lambda: None, "opened"):
            model = core.read_model(path)
            compiled = core.compile_model(model, "CPU", options)
        self._compiled = compiled
        self._requests = local()  # a request belongs to the thread that made it
        stored = model.get_rt_info()["framework"]
        known = stored if isinstance(stored, dict) else {}  # else a value of OpenVINO's that means nothing
        self.metadata = {key: value.astype(str) for key, value in known.items()}
        self.inputs = {
            part.get_any_name(): tuple(
                size.get_length() if size.is_static else None for size in part.get_partial_shape()
            )
            for part in compiled.inputs
        }

    def run(self, values: Mapping[str, np.ndarray]) -> Sequence[np.ndarray]:
        """As the protocol says."""
        if not hasattr(self._requests, "own"):
            self._requests.own = self._compiled.create_infer_request()
        request = self._requests.own
        limit = longest_step(self._bytes, sum(value.size for value in values.values()))
        with _limits(self._path, limit, request.cancel, "run"):
            return list(request.infer(dict(values), share_inputs=True).values())


class TakesTurns:
    """A runtime of which no two with the same `turn` compute at once: each takes all cores, and memory of its own."""

    def __init__(self, runtime: Runtime, turn: Lock) -> None:
        self.inputs = runtime.inputs
        self.metadata = runtime.metadata
        self._runtime = runtime
        self._turn = turn

    def run(self, values: Mapping[str, np.ndarray]) -> Sequence[np.ndarray]:
        """As the protocol says."""
        with self._turn:
            return self._runtime.run(values)


@contextmanager
def _limits(path: Path, seconds: float, stop: Callable[[], object], verb: str) -> Iterator[None]:
    """Call `stop` after so many seconds of processor time; whatever a runtime raises becomes a ModelFileError."""
    with watched(seconds, stop) as watch:
        try:
            yield
        except Exception as error:
            text = str(error)
            if watch.expired:
                reason = f"it was stopped after {seconds:.0f} s of processor time"
            elif isinstance(error, MemoryError) or OUT_OF_MEMORY.search(text):
                reason = f"it needs more memory than there is, of which {most_memory() / 1e9:.1f} GB are for models"
            else:
                reason = _reason(text) or type(error).__name__
            raise ModelFileError(f"The model {path} cannot be {verb}: {reason}.") from error


def _reason(text: str) -> str:
    """A runtime's message, in one line and without what only its authors understand."""
    plain = re.sub(r"\[ONNXRuntimeError\] : \d+ : \w+ : ", "", text)
    plain = " ".join("".join(letter if letter.isprintable() else " " for letter in plain).split())
    return plain if len(plain) <= REASON else f"{plain[:REASON]}…"


@cache
def _limit_memory() -> None:
    """Let all graphs that ONNX Runtime computes on the CPU take memory from one place, which has a limit."""
    import onnxruntime as ort

    kind = ort.OrtMemoryInfo("Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT)
    usual = dict.fromkeys(("arena_extend_strategy", "initial_chunk_size_bytes", "max_dead_bytes_per_chunk"), -1)
    ort.create_and_register_allocator(kind, ort.OrtArenaCfg({"max_mem": most_memory(), **usual}))


def _cuda(path: Path, threads: int) -> OnnxRuntime:
    if not _has_cuda():
        raise UsageError(
            "runtime='cuda' needs ONNX Runtime's build for GPUs: "
            "pip uninstall onnxruntime, then pip install onnxruntime-gpu.",
            "runtime",
        )
    return OnnxRuntime(path, threads, CUDA)


def _auto(path: Path, threads: int) -> Runtime:
    """A GPU where ONNX Runtime has one; on a CPU the fastest for the model's family that is installed."""
    if _has_cuda():
        return _cuda(path, threads)
    if find_spec("openvino") and _family(path) in FASTER_IN_OPENVINO:
        return OpenVino(path, threads)
    return OnnxRuntime(path, threads)


def _family(path: Path) -> str:
    """The family of the model at `path`, empty where its file does not say it; what is wrong is said on opening."""
    metadata = read_metadata(path)
    try:
        return read_description(metadata, str(path), []).origin.family if is_described(metadata) else ""
    except ModelFileError:
        return ""


def _has_cuda() -> bool:
    import onnxruntime as ort

    return CUDA in ort.get_available_providers()


RUNTIMES: dict[str, Callable[[Path, int], Runtime]] = {
    "auto": _auto,
    "onnxruntime": OnnxRuntime,
    "openvino": OpenVino,
    "cuda": _cuda,
}


def open_runtime(path: Path, name: str = "auto", threads: int = 0) -> Runtime:
    """The graph in the model file at `path`, in a runtime that `RUNTIMES` lists.

    ModelFileError where the file cannot be opened, and where `run` fails or takes too much time or memory.
    """
    opener = choose(RUNTIMES, name, "runtime")
    check_onnx_file(path)
    return opener(path, threads)
