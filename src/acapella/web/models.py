"""The models that a client can choose among: those that are installed."""

import time
from threading import Lock

from pydantic import BaseModel, ConfigDict, Field

from acapella.errors import UsageError
from acapella.isolation.systems import AvailableStems
from acapella.models.catalogue.listing import ListedModel, list_models
from acapella.models.description import DEFAULT_STEMS, INSTRUMENTAL, VOCAL
from acapella.models.model_file import DEFAULT_MODEL

FRESH = 5.0  # seconds that the list is used again
BUNDLED = "Comes with Acapella: quick on any computer."
FAMILIES = {  # as their authors write them
    "acapellabot": "Convolutional network of acapellabot",
    "bs_roformer": "Band-Split RoFormer",
    "deep_unet": "U-Net, as in Spleeter",
    "htdemucs": "Hybrid Transformer Demucs",
    "leaky_dropout": "Convolutional network with dropout",
    "mdx23c": "MDX23C",
    "mdx_net": "MDX-Net",
    "mel_band_roformer": "Mel-Band RoFormer",
    "open_unmix": "Open-Unmix",
    "scnet": "SCNet",
    "tfc_tdf": "TFC-TDF network",
}


class Model(BaseModel):
    """An installed model: what it gives, what it costs, and whose it is."""

    model_config = ConfigDict(protected_namespaces=())

    name: str
    description: str = Field(description="What it is, in words; may be empty.")
    stems: list[str]
    licence: str = Field(description="Of the weights.")
    credit: str
    gflop_per_second: float | None = Field(description="GFLOP for a second of audio.")
    vocals_sdr: float | None = Field(description="dB; models are not always measured on the same songs.")
    default: bool


class Models:
    """The installed models; the list is read again when it is some seconds old."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._read = float("-inf")
        self._models: dict[str, Model] = {}

    def all(self) -> dict[str, Model]:
        """By name."""
        with self._lock:
            if time.monotonic() - self._read > FRESH:
                usable = [model for model in list_models() if model.state in ("bundled", "installed")]
                self._models = {model.name: _described(model) for model in usable if not model.problem}
                self._read = time.monotonic()
            return self._models

    def choose_stems(self, model: str, stems: str | None) -> list[str]:
        """`stems`, names between commas, checked against those that the model has; UsageError where one is wrong."""
        known = self.all()
        if model not in known:
            raise UsageError(f"There is no model {model[:100]!r} here: choose one of {', '.join(known)}.", "model")
        all_stems = tuple(known[model].stems)
        default = DEFAULT_STEMS if VOCAL in all_stems else all_stems
        names = None if stems is None else [name.strip() for name in stems[:1000].split(",")]
        return list(AvailableStems(all_stems, default, ()).choose(names))


def _described(model: ListedModel) -> Model:
    stems = list(model.stems)
    if VOCAL in stems and INSTRUMENTAL not in stems:
        stems.append(INSTRUMENTAL)
    return Model(
        name=model.name,
        description=_in_words(model),
        stems=stems,
        licence=model.licence,
        credit=model.credit,
        gflop_per_second=model.gflop,
        vocals_sdr=model.vocals_sdr[0].value if model.vocals_sdr else None,
        default=model.name == DEFAULT_MODEL,
    )


def _in_words(model: ListedModel) -> str:
    """What a model is: its family, and what its entry in the catalogue remarks."""
    if model.name == DEFAULT_MODEL:
        return BUNDLED
    return ": ".join(part for part in (FAMILIES.get(model.family, model.family), model.note) if part)
