"""Whatever the package imports is declared: what only happens to be installed may be missing elsewhere."""

import ast
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
DISTRIBUTIONS = {"yaml": "pyyaml"}  # where the name differs from the module's
BELONGS_TO = {
    "starlette": "fastapi",
    "anyio": "fastapi",
    "pydantic_core": "pydantic-settings",
    "pydantic": "pydantic-settings",
}  # a part of its interface


def imported() -> set[str]:
    """The top-level modules that any file below src imports, at its top or when it runs."""
    found = set()
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"acapella"}


def test_every_import_is_a_declared_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    declared = {re.match(r"[\w-]+", line)[0].replace("-", "_") for group in groups for line in group}
    needed = {BELONGS_TO.get(name, DISTRIBUTIONS.get(name, name)).replace("-", "_") for name in imported()}
    assert needed <= declared
