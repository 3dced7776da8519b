"""The checks that are programs: style, types and which way imports point."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHECKS = {
    "ruff check": ["-m", "ruff", "check", "."],
    "ruff format": ["-m", "ruff", "format", "--check", "."],
    "mypy": ["-m", "mypy"],
    "import-linter": ["-c", "from importlinter.cli import lint_imports_command as check; check()"],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CHECKS)
def test_check_passes(name):
    run = subprocess.run([sys.executable, *CHECKS[name]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, f"{name}:\n{run.stdout}{run.stderr}"


def test_ci_runs_the_test_command_of_the_readme():
    command = (ROOT / ".ci/run").read_text().splitlines()[-1]
    assert "-m pytest" in command
    assert f"\n{command}\n" in (ROOT / "README.md").read_text()
