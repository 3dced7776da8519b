"""How tests call the command line."""

import pytest

from acapella import cli


def run(*words: object) -> int:
    """Exit code of the command."""
    with pytest.raises(SystemExit) as stop:
        cli.main([str(word) for word in words])
    return stop.value.code or 0


def stems_in(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if "_vocal" in path.name or "_instrumental" in path.name)
