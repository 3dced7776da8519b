"""The original's command line: `python3 vocal_isolation.py [song.wav …]`, steered by the environment."""

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path

from acapella.cli import run_guarded
from acapella.cli.analyse import run_analysis
from acapella.cli.console import make_console
from acapella.cli.search import DEFAULT_GRID, run_search
from acapella.cli.train import run_training
from acapella.cli.weights import open_weights


def vocal_isolation() -> None:
    """Train on DATA, or with files as arguments isolate them with WEIGHTS."""
    run_guarded(_vocal_isolation, sys.argv[1:])


def _vocal_isolation(arguments: list[str]) -> int:
    from acapella.settings import Settings

    parser = argparse.ArgumentParser(description="Train on DATA; or, given songs, isolate them with WEIGHTS.")
    parser.add_argument("songs", nargs="*", type=Path, help="what to isolate; options are variables: acapella options")
    parser.add_argument("--overwrite", action="store_true", help="overwrite stems that Acapella did not write, too")
    given = parser.parse_args(arguments)
    songs = given.songs
    console = make_console(quiet=False)
    settings = Settings.read()
    if not songs:
        run_training(settings, console)
        return 0
    from acapella.cli.songs import Request, plan, separate
    from acapella.isolation.isolator import Isolator
    from acapella.jobs.local import LocalExecutor

    isolator = Isolator(
        open_weights(settings, console),
        phase=settings.phase,
        phase_iterations=settings.phase_iterations,
        block_frames=settings.inference_slice,
    )
    with_pictures = find_spec("matplotlib") is not None
    if not with_pictures:
        console.print("No spectrogram pictures: pip install '.[analysis]' in the checkout for them.")
    planned = plan(songs, Request(pictures=with_pictures, overwrite=given.overwrite), isolator, console)
    return 0 if separate(planned, LocalExecutor(open_isolator=lambda *_: isolator), console) else 1


def grid_search() -> None:
    """`python3 grid_search.py [my.yml]`: train all combinations of a grid."""
    run_guarded(_grid_search, sys.argv[1:])


def _grid_search(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Train all combinations of a grid: see `acapella search --help`.")
    parser.add_argument("grid", nargs="?", type=Path, default=DEFAULT_GRID, help="a YAML file (%(default)s)")
    given = parser.parse_args(arguments)
    return 0 if run_search(given.grid, make_console(quiet=False)) else 1


def analysis() -> None:
    """`python3 analysis.py -a NAME [-s] ARGS`, with the network of WEIGHTS."""
    run_guarded(_analysis, sys.argv[1:])


def _analysis(arguments: list[str]) -> int:
    from acapella.settings import Settings

    parser = argparse.ArgumentParser(description="Analyse songs, networks and corpora: see `acapella analyse --help`.")
    parser.add_argument("-a", "--analyse", required=True, metavar="NAME", help="what to find out")
    parser.add_argument("-s", "--save", action="store_true", help="keep pictures and numbers in ANALYSIS_PATH")
    parser.add_argument("--points", type=int, metavar="N", help="how many levels volume tries")
    parser.add_argument("files", nargs="*", type=Path, help="what the analysis takes")
    given = parser.parse_intermixed_args(arguments)
    console = make_console(quiet=False)
    run_analysis(given.analyse, given.files, Settings.read(), console, save=given.save, points=given.points)
    return 0
