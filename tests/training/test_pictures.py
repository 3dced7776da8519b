"""Pictures of a training: labelled in Hz and seconds."""

import numpy as np
import pytest
from matplotlib.image import imread

from acapella.experiments.results import draw_run
from acapella.training.domains import PictureGrid
from acapella.training.error_picture import draw_errors, draw_tensor
from acapella.training.tensorboard import draw_slices

GRID = PictureGrid(sample_rate=22050, window_length=1536, hop=384)


def test_tensors_are_labelled_in_hertz_and_seconds(tmp_path):
    from matplotlib.figure import Figure

    errors = np.zeros((769, 128))
    errors[70] = 1  # 1005 Hz
    axes = Figure().subplots()
    image = draw_tensor(axes, errors, GRID)
    assert image.get_extent()[1] == 128 * 384 / 22050
    row = image.get_array()[:, 0].argmax()
    ticks = dict(zip((tick.get_text() for tick in axes.get_yticklabels()), axes.get_yticks(), strict=True))
    assert (row + 0.5) / 320 * image.get_extent()[3] == pytest.approx(ticks["1\u202f000"], abs=10)  # mel
    draw_errors(errors, GRID, "Epoch 1", tmp_path / "errors.png")
    assert imread(tmp_path / "errors.png").shape[2] == 4


def test_slices_have_one_scale():
    slices = {"mixture": np.ones((769, 16)), "prediction": np.full((769, 16), 0.5)}
    picture = draw_slices(slices, GRID)
    height, width, _ = picture.shape
    bright, half = picture[height // 2, width // 3], picture[height // 2, 3 * width // 4]
    assert int(bright.sum()) > int(half.sum()) > 100


def test_a_run_has_a_curve(tmp_path):
    epochs = [{"epoch": epoch, "loss": 1 / epoch, "val_loss": 2 / epoch} for epoch in range(1, 9)]
    for name, drawn in (("all", epochs), ("one", epochs[:1]), ("none", []), ("nan", [{"epoch": 1, "loss": np.nan}])):
        draw_run(drawn, tmp_path / f"{name}.png", "a run")
        assert imread(tmp_path / f"{name}.png").std() > 0.01
