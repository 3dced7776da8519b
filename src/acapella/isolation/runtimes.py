"""What computes the graph of a model file: ONNX Runtime on the CPU or on a GPU, or OpenVINO."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Lock, local
from typing import Protocol

import numpy as np

from acapella.errors import MissingExtraError, ModelFileError, UsageError
from acapella.registry import choose

Shape = tuple[int | None, ...]  # None: any length
CUDA = "CUDAExecutionProvider"


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

        options = ort.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = threads
        options.enable_mem_pattern = False  # the same speed with less memory
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # other threads need the cores
        try:
            self._session = ort.InferenceSession(path, options, providers=[provider], enable_fallback=0)
        except Exception as error:  # onnxruntime's exceptions have no common base of their own
            raise _unreadable(path) from error
        if provider not in self._session.get_providers():
            raise UsageError(
                "runtime='cuda' finds no usable GPU: check driver and CUDA, or take 'onnxruntime'.", "runtime"
            )
        self.metadata = self._session.get_modelmeta().custom_metadata_map
        self.inputs = {
            part.name: tuple(size if isinstance(size, int) else None for size in part.shape)
            for part in self._session.get_inputs()
        }

    def run(self, values: Mapping[str, np.ndarray]) -> Sequence[np.ndarray]:
        """As the protocol says."""
        outputs: Sequence[np.ndarray] = self._session.run(None, dict(values))
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
        try:
            model = core.read_model(path)
            compiled = core.compile_model(model, "CPU", options)
        except RuntimeError as error:
            raise _unreadable(path) from error
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
        return list(self._requests.own.infer(dict(values), share_inputs=True).values())


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


def _unreadable(path: Path) -> ModelFileError:
    return ModelFileError(f"{path} is not a model file that can be read.")


def _cuda(path: Path, threads: int) -> OnnxRuntime:
    if not _has_cuda():
        raise UsageError(
            "runtime='cuda' needs ONNX Runtime's build for GPUs: "
            "pip uninstall onnxruntime, then pip install onnxruntime-gpu.",
            "runtime",
        )
    return OnnxRuntime(path, threads, CUDA)


def _auto(path: Path, threads: int) -> OnnxRuntime:
    """A GPU where ONNX Runtime has one; on CPUs it is the fastest itself (benchmarks/speed.py)."""
    return _cuda(path, threads) if _has_cuda() else OnnxRuntime(path, threads)


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
    """The graph in the model file at `path`, in a runtime that `RUNTIMES` lists."""
    return choose(RUNTIMES, name, "runtime")(path, threads)
