"""Where presets and grids are that come with Acapella: in the installed package, or in the checkout."""

from pathlib import Path

from acapella.errors import SettingsError, quoted

PRESETS, GRIDS = "envs", "grid-search-configs"


def shipped(folder: str) -> Path:
    """The folder of PRESETS or GRIDS."""
    package = Path(__file__).parents[1]
    installed = package / folder  # pyproject.toml puts them there in a wheel
    return installed if installed.is_dir() else package.parents[1] / folder


def find_preset(given: Path) -> Path:
    """The file `given`, or of one name only, such as `lps`, the preset of that name; also `envs/lps`, anywhere."""
    own = (given, Path(PRESETS) / given)
    ours = shipped(PRESETS) / given.name
    places = [*own, ours] if given in (Path(given.name), Path(PRESETS) / given.name) else [given]
    for path in places:
        if path.exists() and not path.is_dir():
            return path
    if len(places) == 1:
        return given
    names = ", ".join(sorted(path.name for path in shipped(PRESETS).glob("*")))
    raise SettingsError(f"There is no settings file {quoted(str(given))}; presets are: {names}.")
