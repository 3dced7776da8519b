"""Run folders: each training has one in LOG_BASE, named by date and the settings that tell runs from each other.

The link `last` points to the run that last wrote its weights; WEIGHTS is looked up there.
"""

import re
from contextlib import suppress
from datetime import datetime
from itertools import count
from pathlib import Path

from acapella.settings import Settings
from acapella.settings.text import read_exports
from acapella.storage.address import SCHEMES, WEB, Address
from acapella.whole_files import temporary_folder, temporary_path

LAST = "last"
SETTINGS_FILE = "env"
STORES = tuple(f"{scheme}:" for scheme in SCHEMES if scheme not in WEB)
WITHOUT_EFFECT = (
    "log_base",
    "analysis_path",
    "quit",
    "devices",
    "nodes",
)  # settings that do not affect the trained weights


def remote(folder: Path) -> Address | None:
    """The folder in a store that `folder` is; as a path it has lost a slash."""
    first, *rest = folder.parts or ("",)
    return Address(f"{first}//{'/'.join(rest)}") if first in STORES and rest else None


def run_name(settings: Settings, now: datetime | None = None) -> str:
    """What a training that begins now is called: date and settings."""
    return f"{(now or datetime.now()):%Y-%m-%d_%H-%M-%S}_{_describe(settings)}"


def create_run_folder(settings: Settings, name: str | None = None, now: datetime | None = None) -> Path:
    """Make a new folder, called `name` or by date and settings; it holds the settings as a file `env`."""
    base = settings.log_base
    base.mkdir(parents=True, exist_ok=True)
    name = name or run_name(settings, now)
    for number in count(1):
        folder = base / (name if number == 1 else f"{name}_{number}")
        with suppress(FileExistsError):  # another training may have begun in the same second
            folder.mkdir()
            break
    write_settings(settings, folder)
    return folder


def write_settings(settings: Settings, folder: Path) -> None:
    """Write the effective settings to the file `env` in the run folder, for a shell to source."""
    (folder / SETTINGS_FILE).write_text(settings.as_env(), encoding="utf-8")


def run_settings(folder: Path, **changed: object) -> Settings:
    """The settings of a run with those in `changed` replaced; the environment is not read."""
    return Settings(**{**read_exports(folder / SETTINGS_FILE), **changed})


def settings_in(text: str, **changed: object) -> Settings:
    """As `run_settings`, where the run lies elsewhere: `text` is that of its settings."""
    with temporary_folder() as folder:
        (folder / SETTINGS_FILE).write_text(text, encoding="utf-8")
        return run_settings(folder, **changed)


def trains_alike(first: Settings, second: Settings) -> bool:
    """Whether both settings give the same weights."""
    without = dict.fromkeys(WITHOUT_EFFECT)
    return first.model_copy(update=without) == second.model_copy(update=without)


def mark_as_last(folder: Path) -> None:
    """Make `last`, beside the run folder, point to it: a link, or a text file where links are not allowed."""
    link = folder.parent / LAST
    fresh = temporary_path(link)  # then renamed, so that processes do not disturb each other
    try:
        fresh.symlink_to(folder.name, target_is_directory=True)
    except OSError:
        fresh.write_text(folder.name + "\n", encoding="utf-8")
    try:
        fresh.replace(link)
    except OSError:  # Windows does not replace a link to a folder
        link.unlink(missing_ok=True)
        fresh.rename(link)


def last_run(log_base: Path) -> Path | None:
    """The run folder that `last` points to, or None before the first run."""
    link = log_base / LAST
    if link.is_dir():
        return link.resolve()
    if link.is_file():  # a system without links
        folder = log_base / link.read_text(encoding="utf-8").strip()
        return folder if folder.is_dir() else None
    return None


def newest_run(log_base: Path) -> Path | None:
    """The run folder in `log_base` whose training was started or resumed most recently, or None if there is no run."""
    written = [path for path in log_base.glob(f"*/{SETTINGS_FILE}") if path.parent.name != LAST]
    return max(written, key=lambda path: path.stat().st_mtime_ns).parent if written else None


def find_weights(weights: Path, log_base: Path) -> Path | None:
    """The file WEIGHTS; a relative path is looked up in the last run folder, then in the current folder.

    The weights of networks that are not the original's are in a file that ends in .safetensors, whatever WEIGHTS says.
    """
    last = last_run(log_base)
    places = [weights] if weights.is_absolute() or last is None else [last / weights, weights]
    candidates = [path for place in places for path in (place, place.with_suffix(".safetensors"))]
    return next((path for path in candidates if path.is_file()), None)


def _describe(settings: Settings) -> str:
    """The settings that tell runs from each other, in characters that every file system accepts."""
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
