"""Words on screen: flags for arguments, progress of songs, events of a training."""

import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from acapella.cli import progress, training
from acapella.cli.console import report, with_flag
from acapella.cli.progress import SongBars, song_progress
from acapella.cli.training import TrainingReport
from acapella.errors import UsageError
from acapella.experiments.events import RunFailed, RunStarted
from acapella.training.events import BatchDone, EpochBrokenOff, EpochDone, EpochStarted, Note, Preparing


@pytest.mark.parametrize(
    ("text", "argument", "said"),
    [
        ("stems='x' is not made of: vocal.", "stems", "--stems='x' is not made of: vocal."),
        ("choose another out_dir.", "out_dir", "choose another -o."),
        ("out_dir x is a file", "out_dir", "-o x is a file"),
        ("/music/my_stems/a.wav and stems", "stems", "/music/my_stems/a.wav and --stems"),
        ("CHOPNAME='x' is not one of: tile.", "CHOPNAME", "CHOPNAME='x' is not one of: tile."),
    ],
)
def test_arguments_are_called_by_their_flags(text, argument, said, capsys):
    assert with_flag(text, argument) == said
    report(UsageError(text, argument))
    assert capsys.readouterr().err == f"Error: {said}\n"


def screen(is_terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=is_terminal, width=80, markup=False, highlight=False)


def test_a_terminal_has_a_bar_for_each_song_while_it_lasts(monkeypatch):
    console = screen(True)
    with SongBars(console) as bars:
        bars.begin("1", "one.wav")
        bars.begin("2", "two.wav")
        bars.update("1", 50, 100)
        bars.end("1")
        bars.update("2", 50, None)
        bars.end("3")  # was cancelled before it began
    said = console.file.getvalue()
    assert "one.wav" in said
    assert "two.wav" in said


def test_elsewhere_there_is_a_line_with_the_time_left_now_and_then(monkeypatch):
    monkeypatch.setattr(progress, "LINE_EVERY", -1.0)
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=iter(range(0, 1000, 30)).__next__))
    console = screen(False)
    with song_progress(console, "song.wav") as tell:
        tell(25, 100)
        tell(30, None)
        tell(120, 100)
    assert console.file.getvalue() == "song.wav: 25 %, 1:30 left\nsong.wav: 100 %, 0:00 left\n"


EVENTS = [
    RunStarted(1, 2, "chopname=tile"),
    Preparing("training"),
    Preparing("validation"),
    Note("Run folder: logs/1"),
    EpochStarted(1, 3, 10),
    BatchDone(1, 3, 1, 10, 0.5, 12.34),
    Note("Stopping"),
    EpochDone(1, 3, {"loss": 0.25, "val_loss": 0.125}, 61.2, 10.0),
    EpochStarted(2, 3, 10),
    EpochBrokenOff(2),
    RunFailed("1", "no slice"),
]


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_training_is_told_in_lines(monkeypatch, is_terminal):
    monkeypatch.setattr(training, "LINE_EVERY", -1.0)
    console = screen(is_terminal)
    with TrainingReport(console) as listen:
        for event in EVENTS:
            listen(event)
    lines = [
        "1/2: chopname=tile",
        "Run folder: logs/1",
        "Stopping",
        "epoch 1/3: loss 0.25000, val_loss 0.12500 (61 s, 10.0 examples/s)",
        "Run 1 failed: no slice",
    ]
    if not is_terminal:
        lines.insert(2, "epoch 1/3, batch 1/10: loss 0.50000, 12.3 examples/s")
        assert console.file.getvalue().splitlines() == lines
    assert all(line in console.file.getvalue() for line in lines)
