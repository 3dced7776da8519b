"""The original's command line: `python3 vocal_isolation.py [song.wav …]`, steered by the environment."""

import sys
from importlib.util import find_spec
from pathlib import Path

from acapella.cli import run_guarded
from acapella.cli.console import make_console
from acapella.cli.isolate import How, separate
from acapella.cli.predictors import open_predictor
from acapella.cli.search import DEFAULT_GRID, run_search
from acapella.cli.train import run_training


def vocal_isolation() -> None:
    """Train on DATA, or with files as arguments isolate them with WEIGHTS."""
    run_guarded(_vocal_isolation, sys.argv[1:])


def _vocal_isolation(arguments: list[str]) -> int:
    from acapella.settings import Settings

    console = make_console(quiet=False)
    settings = Settings.read()
    if not arguments:
        run_training(settings, console)
        return 0
    from acapella.isolation.isolator import Isolator

    isolator = Isolator(
        open_predictor(settings, console),
        phase=settings.phase,
        phase_iterations=settings.phase_iterations,
        block_frames=settings.inference_slice,
    )
    with_pictures = find_spec("matplotlib") is not None
    if not with_pictures:
        console.print("No spectrogram pictures: pip install '.[analysis]' in the checkout for them.")
    songs = [Path(argument) for argument in arguments]
    return 0 if separate(songs, isolator, How(pictures=with_pictures), console) else 1


def grid_search() -> None:
    """`python3 grid_search.py [my.yml]`: train all combinations of a grid."""
    run_guarded(_grid_search, sys.argv[1:])


def _grid_search(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Train all combinations of a grid: see `acapella search --help`.")
    parser.add_argument("grid", nargs="?", type=Path, default=DEFAULT_GRID, help="a YAML file (%(default)s)")
    given = parser.parse_args(arguments)
    return 0 if run_search(given.grid, make_console(quiet=False)) else 1

