"""MDX-Net models as UVR publishes them: ONNX files without metadata, which run as they are.

Their parameters come from a file beside them, `NAME.json` or `NAME.yaml`, with the names of UVR's model data, or are
known by the MD5 of the file's last ten megabytes, as UVR itself knows them. The networks are TFC-TDF U-Nets: M. Kim, W.
Choi, J. Chung, D. Lee, S. Jung, "KUIELab-MDX-Net: a two-stream neural network for music demixing", MDX workshop, 2021.
"""

import hashlib
import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from acapella.errors import MissingExtraError, ModelFileError
from acapella.models.description import INSTRUMENTAL, VOCAL, ModelDescription, Origin, Output, first_wrong_field
from acapella.models.parts import Part, Text
from acapella.models.schedules import Chunks

TAIL = 10_000 * 1024  # bytes that UVR hashes
LONGEST = 1 << 16  # bytes of a file with parameters
HOP = 1024
SILENT_BINS = 3
OVERLAP = 0.25  # of a chunk, at its end


class MDXParameters(Part):
    """The parameters under the names of UVR's model data; others that it has are of no use here."""

    model_config = Part.model_config | {"extra": "ignore"}
    mdx_n_fft_scale_set: Annotated[int, Field(ge=16, le=1 << 16, multiple_of=2)]
    mdx_dim_f_set: Annotated[int, Field(ge=4, le=1 << 15)]
    mdx_dim_t_set: Annotated[int, Field(ge=1, le=12)]  # of frames, the binary logarithm
    compensate: Annotated[float, Field(gt=0, le=10)] = 1.0
    primary_stem: Text = "Vocals"


def _known(window: int, bins: int, gain: float, stem: str = "Vocals") -> MDXParameters:
    return MDXParameters(
        mdx_n_fft_scale_set=window, mdx_dim_f_set=bins, mdx_dim_t_set=8, compensate=gain, primary_stem=stem
    )


KNOWN: dict[str, tuple[str, MDXParameters]] = {  # by the MD5 of the tail
    "970b3f9492014d18fefeedfe4773cb42": ("Kim_Vocal_2", _known(7680, 3072, 1.009)),
    "77d07b2667ddf05b9e3175941b4454a0": ("UVR-MDX-NET-Voc_FT", _known(7680, 3072, 1.021)),
    "55657dd70583b0fedfba5f67df11d711": ("UVR-MDX-NET-Inst_HQ_3", _known(6144, 3072, 1.022, "Instrumental")),
    "0f2a6bc5b49d87d64728ee40e23bceb1": ("UVR-MDX-NET-Inst_HQ_4", _known(5120, 2560, 1.019, "Instrumental")),
    "cb790d0c913647ced70fc6b38f5bea1a": ("UVR-MDX-NET-Inst_HQ_5", _known(5120, 2560, 1.01, "Instrumental")),
    "1d64a6d2c30f709b8c9b4ce1366d96ee": ("UVR_MDXNET_KARA_2", _known(5120, 2048, 1.065, "Instrumental")),
}


def describe_mdx_net(path: Path) -> ModelDescription:
    """The description of the UVR file at `path`; ModelFileError where its parameters are not known."""
    name, parameters = _beside(path) or KNOWN.get(tail_md5(path)) or (path.stem, None)
    if parameters is None:
        raise ModelFileError(
            f"{path} is an ONNX file, but not a model of Acapella, nor an MDX-Net that is known by its hash: if it is "
            f"one, lay its parameters beside it as {path.stem}.json (mdx_n_fft_scale_set, mdx_dim_f_set, …)."
        )
    window, frames = parameters.mdx_n_fft_scale_set, 2**parameters.mdx_dim_t_set
    length = HOP * (frames - 1)
    if window >= length:
        raise ModelFileError(f"{path}: mdx_n_fft_scale_set={window} is longer than a chunk of {length} samples.")
    sources, residual = _sources(parameters.primary_stem)
    values: dict[str, Any] = {
        "front_end": {
            "kind": "spectral",
            "sample_rate": 44100,
            "channels": 2,
            "window_length": window,
            "hop": HOP,
            "representation": "ri",
            "bins": parameters.mdx_dim_f_set,
            "silent_bins": SILENT_BINS,
            "above": "silence",
        },
        "schedule": _chunks(length, window),
        "sources": sources,
        "residual": residual,
        "output": Output(gain=parameters.compensate),
        "origin": Origin(family="mdx_net", checkpoint=name, licence="not stated"),
    }
    return ModelDescription.validated(values, str(path))


def _chunks(length: int, window: int) -> Chunks:
    """A quarter of overlap; zeros before the song and behind it, as far as a window reaches and to whole chunks."""
    inner = length - window
    return Chunks(
        length=length,
        step=int((1 - OVERLAP) * length),
        window="hann",
        border=window // 2,
        edges="zeros",
        multiple=inner,
        tail="zeros",
    )


def _sources(primary_stem: str) -> tuple[tuple[str, ...], str]:
    """The network's source and the residual, by our names."""
    name = re.sub(r"[^a-z0-9]+", "-", primary_stem.lower()).strip("-")[:24] or "primary"
    if name in ("vocals", "vocal"):
        return (VOCAL,), INSTRUMENTAL
    return (name,), VOCAL if name == INSTRUMENTAL else f"no-{name}"


def tail_md5(path: Path) -> str:
    """MD5 of the last `TAIL` bytes of a file, or of all of a shorter one."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL))
        return hashlib.md5(file.read(TAIL), usedforsecurity=False).hexdigest()


def _beside(path: Path) -> tuple[str, MDXParameters] | None:
    """The parameters in the file beside a model, if there is one."""
    for suffix in (".json", ".yaml", ".yml"):
        file = path.with_suffix(suffix)
        if not file.is_file():
            continue
        try:
            with file.open("rb") as opened:
                text = opened.read(LONGEST)
            return path.stem, _parse(text, suffix)
        except ValidationError as error:
            raise ModelFileError(f"{file}: {first_wrong_field(error)}.") from None
        except OSError as error:
            raise ModelFileError(f"{file} cannot be read: {error.strerror}.") from None
    return None


def _parse(text: bytes, suffix: str) -> MDXParameters:
    if suffix == ".json":
        return MDXParameters.model_validate_json(text)
    try:
        import yaml
    except ModuleNotFoundError:
        raise MissingExtraError("Reading parameters in YAML", "convert") from None
    try:
        return MDXParameters.model_validate(yaml.safe_load(text))
    except (yaml.YAMLError, RecursionError):
        return MDXParameters.model_validate(None)
