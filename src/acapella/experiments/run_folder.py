"""The folder of a training run in LOG_BASE, named by date and the settings that shape it.

Two links point at runs: `latest` at the one begun last, `last` at the last one that has weights.
"""

import re
from datetime import datetime
from pathlib import Path

from acapella.settings import Settings
from acapella.settings.text import read_exports
from acapella.whole_files import temporary_path

LAST, LATEST = "last", "latest"
WITHOUT_EFFECT = ("log_base", "analysis_path", "quit")  # settings that play no part in what is learnt


def create_run_folder(settings: Settings, name: str | None = None, now: datetime | None = None) -> Path:
    """Make a new folder, called `name` or after date and settings, with the settings as a sourceable file `env`."""
    base = settings.log_base
    base.mkdir(parents=True, exist_ok=True)
    name = name or f"{(now or datetime.now()):%Y-%m-%d_%H-%M-%S}_{_describe(settings)}"
    folder = base / name
    number = 2
    while folder.exists():
        folder = base / f"{name}_{number}"
        number += 1
    folder.mkdir()
    write_settings(settings, folder)
    return folder


def write_settings(settings: Settings, folder: Path) -> None:
    """Leave the effective settings in the run's folder as a sourceable file `env`."""
    (folder / "env").write_text(settings.as_env(), encoding="utf-8")


def run_settings(folder: Path, **changed: object) -> Settings:
    """The settings of a run, whatever the environment says, but for those `changed`."""
    return Settings(**{**read_exports(folder / "env"), **changed})


def trains_alike(first: Settings, second: Settings) -> bool:
    """Whether both describe the same training."""
    without = dict.fromkeys(WITHOUT_EFFECT)
    return first.model_copy(update=without) == second.model_copy(update=without)


def mark(folder: Path, name: str) -> None:
    """Point `name`, beside the run's folder, at it: a link, or a text file where links are not allowed."""
    link = folder.parent / name
    fresh = temporary_path(link)  # renamed, so that several processes do not meet
    try:
        fresh.symlink_to(folder.name, target_is_directory=True)
    except OSError:
        fresh.write_text(folder.name + "\n", encoding="utf-8")
    try:
        fresh.replace(link)
    except OSError:  # Windows does not replace a link to a folder
        link.unlink(missing_ok=True)
        fresh.rename(link)


def marked_run(log_base: Path, name: str = LAST) -> Path | None:
    """The folder that `name` points at, or None before the first run."""
    link = log_base / name
    if link.is_dir():
        return link.resolve()
    if link.is_file():  # a system without links
        folder = log_base / link.read_text(encoding="utf-8").strip()
        return folder if folder.is_dir() else None
    return None


def find_weights(weights: Path, log_base: Path) -> Path | None:
    """The file that WEIGHTS names: a relative path in the last run's folder first, then from the current folder."""
    last = marked_run(log_base)
    candidates = [weights] if weights.is_absolute() or last is None else [last / weights, weights]
    return next((path for path in candidates if path.is_file()), None)


def _describe(settings: Settings) -> str:
    """The settings that tell one run from another, in characters that every file system takes."""
    parts = [
        settings.model,
        settings.representation_name,
        settings.chopname,
        str(settings.chopparams.scale),
        settings.batch_generator,
        settings.normalizer,
        settings.optimizer,
        f"batch{settings.batch}",
    ]
    return re.sub(r"[^A-Za-z0-9_.-]", "", "_".join(parts))
