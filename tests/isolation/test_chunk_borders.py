"""Where chunks meet: the error against a run with twice as many chunks has no peak there."""

import numpy as np
import onnx
import pytest
from tests.onnx_models import write_model

from acapella import Isolator
from acapella.models.description import ModelDescription, Output
from acapella.models.front_ends import WaveformFrontEnd
from acapella.models.schedules import Chunks

SCHEDULES = {  # as published, a hundredth as long
    "roformer": Chunks(length=3528, step=1764, fade=352, border=1764, tail="reflect"),
    "mdx23c, scnet": Chunks(length=4851, step=1213, fade=485, border=3638, tail="reflect"),
    "htdemucs": Chunks(length=3440, step=2580, window="triangular", edges="zeros", tail="centred"),
    "mdx_net": Chunks(length=2611, step=1958, window="hann", edges="zeros", border=38, multiple=2535, tail="zeros"),
}


def separated(path, schedule, audio):
    """By a network whose gain differs from chunk to chunk: the mean of what it is given."""
    description = ModelDescription(front_end=WaveformFrontEnd(), schedule=schedule, output=Output(kind="waveform"))
    nodes = [
        onnx.helper.make_node("GlobalAveragePool", ["mixture"], ["mean"]),
        onnx.helper.make_node("Mul", ["mixture", "mean"], ["target"]),
    ]
    shape = [1, 2, schedule.length]
    path = write_model(path, description, nodes, {"mixture": shape}, {"target": shape})
    return Isolator.load(path).isolate(audio, 44100, ["vocal"])["vocal"]


@pytest.mark.parametrize("name", SCHEDULES)
def test_there_is_no_peak_at_the_borders(name, tmp_path, rng):
    """The song is smooth, so a seam would be a jump."""
    schedule = SCHEDULES[name]
    levels = rng.uniform(0.1, 0.9, 40)
    audio = np.interp(np.arange(40_000), np.arange(40) * 1000, levels)[:, None].repeat(2, axis=1).astype(np.float32)
    twice = schedule.model_copy(update={"step": schedule.step // 2})
    error = separated(tmp_path / "a.onnx", schedule, audio) - separated(tmp_path / "b.onnx", twice, audio)
    assert np.abs(error).max() > 0.005  # chunks do differ
    inner = error[schedule.length : -schedule.length]  # the last chunk is filled up, which is another matter
    crossfade = schedule.fade or schedule.length - schedule.step
    steepest = 0.9 * (0.9 - 0.1) / crossfade  # from the lowest possible gain to the highest, over a whole crossfade
    assert np.abs(np.diff(inner, axis=0)).max() < steepest
