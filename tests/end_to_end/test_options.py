"""Walks the table of options: each value of each row trains, separates, and changes what it should change."""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from tests.end_to_end.option_values import EFFECTS, LEFT_BEHIND, ROWS, TINY, Given, values
from tests.made import write_corpus

from acapella import Isolator, Settings
from acapella.conversion.torch_runtime import load_in_torch
from acapella.errors import SettingsError
from acapella.experiments import training_run
from acapella.experiments.training_run import TrainedRun, train
from acapella.isolation.model import Model
from acapella.settings import options_table

SONG = np.random.default_rng(0).uniform(-0.5, 0.5, (3000, 2)).astype(np.float32)
SHOWN_ELSEWHERE = {"ANALYSIS_PATH", "MONITOR", "WORKERS"}  # by tests of their own
WALK = [
    pytest.param(name, value, also, id=f"{name}={value}-{number}")
    for name in ROWS
    for number, (value, also) in enumerate(values(name))
    if value != "infere"
]


@dataclass
class Observed:
    """What a training and a separation with some settings did."""

    folder: Path  # in which the run folder is
    files: set[str]  # in the run folder, their numbers and dates left out
    epochs: list[float]  # numbers of the epochs
    metrics: set[str]
    curves: set[str]  # that TensorBoard shows
    questions: int  # that were asked
    blocks: list[int]  # frames that the network was given at once
    stems: np.ndarray


class WatchedRuntime:
    """A runtime that notes how many frames it is given."""

    def __init__(self, model: Model) -> None:
        self._runtime = model.runtime
        self.inputs, self.metadata = model.runtime.inputs, model.runtime.metadata
        self.frames: list[int] = []

    def run(self, given: Mapping[str, np.ndarray]) -> Sequence[np.ndarray]:
        self.frames.append(given["mixture"].shape[-1])
        return self._runtime.run(given)


class NoMore:
    """Wants no more epochs, and counts how often it was asked."""

    asked = 0

    def more_epochs(self) -> int:
        self.asked += 1
        return 0

    def save(self) -> bool:
        return True


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with two corpora, a bare environment, and no exporting, which is tested elsewhere and takes seconds."""
    folder = tmp_path_factory.mktemp("options")
    write_corpus(folder / "bot_data", tracks=4, seconds=0.5)
    write_corpus(folder / "other_data", tracks=3, seconds=0.5)
    (folder / "here").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder / "here")
        for name in os.environ.keys() & set(ROWS):
            patch.delenv(name)
        patch.setattr(training_run, "export", lambda *_, **__: None)
        patch.setattr(training_run, "draw_network", lambda *_, **__: None)
        yield folder / "here"


@pytest.fixture(scope="module")
def observe(place):
    """Train and separate as settings say; the same settings once only."""
    known: dict[Settings, Observed] = {}

    def observe_once(settings: Settings) -> Observed:
        if settings not in known:
            known[settings] = observed(settings)
        return known[settings]

    return observe_once


def observed(settings: Settings) -> Observed:
    answers = NoMore()
    run = train(settings, questions=answers)
    assert all(math.isfinite(number) for epoch in run.epochs for number in epoch.values())
    model = load_in_torch(run.weights, settings)
    watched = WatchedRuntime(model)
    phase = {"phase": settings.phase, "phase_iterations": settings.phase_iterations}
    isolator = Isolator(Model(model.description, watched), **phase, block_frames=settings.inference_slice)
    stems = isolator.isolate(SONG, 8000)
    assert all(np.isfinite(stem).all() for stem in stems.values())
    if isolator.sums_to_mixture:
        np.testing.assert_allclose(stems["vocal"] + stems["instrumental"], SONG, atol=1e-6)
    return Observed(
        folder=run.folder.parent.resolve(),
        files={path.relative_to(run.folder).as_posix().split(".out.")[0] for path in run.folder.rglob("*")},
        epochs=[epoch["epoch"] for epoch in run.epochs],
        metrics={name for epoch in run.epochs for name in epoch},
        curves=curves(run),
        questions=answers.asked,
        blocks=watched.frames,
        stems=np.stack(list(stems.values())),
    )


def curves(run: TrainedRun) -> set[str]:
    """What TensorBoard's files hold, if there are any."""
    events = list(run.folder.glob("*/events*"))
    if not events:
        return set()
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    held = EventAccumulator(str(events[0])).Reload().Tags()
    return {f"{kind}: {tag}" for kind, tags in held.items() if isinstance(tags, list) for tag in tags}


def test_every_row_has_values():
    assert [name.lower() for name in ROWS] == list(Settings.model_fields)
    assert [line.split(" | ")[0].strip("| ") for line in options_table().splitlines()[2:]] == ROWS
    assert all(values(name) for name in ROWS)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "value", "also"), WALK)
def test_a_value_changes_what_it_should(name: str, value: str, also: Given, observe):
    given = {**TINY, **also}
    if given.get("WEIGHTS") == "{weights}":
        given["WEIGHTS"] = str(train(Settings(**TINY)).weights.resolve())
    settings, compared = Settings(**{**given, name: value}), Settings(**given)
    found, other = observe(settings), observe(compared)
    pattern = LEFT_BEHIND.get((name, value))
    assert pattern is None or any(Path(file).match(pattern) for file in found.files)
    if settings == compared or name in SHOWN_ELSEWHERE:  # a default
        return
    effect = EFFECTS.get((name, value)) or EFFECTS.get(name, "stems")
    if effect == "stems":
        assert found.stems.shape == other.stems.shape
        assert np.abs(found.stems - other.stems).max() > 1e-5
    else:
        assert getattr(found, effect) != getattr(other, effect)


def test_infere_is_refused_for_training(place):
    with pytest.raises(SettingsError, match="CHOPNAME='infere' is for isolating only"):
        train(Settings(**TINY, CHOPNAME="infere", LOG_BASE="./refused"))
    assert not (place / "refused").exists()
