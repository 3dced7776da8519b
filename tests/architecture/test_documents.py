"""What the documents point at is there."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\(([^)#\s]+)\)")
NAMED = re.compile(
    r"`((?:src|tests|docs|envs|benchmarks|examples|grid-search-configs|isolation|networks|models|dsp)/[\w./-]*)`"
)


def documents() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=False)
    return listed.stdout.split()


@pytest.mark.parametrize("document", documents())
def test_links_and_files_that_are_named_exist(document):
    text = (ROOT / document).read_text(encoding="utf-8")
    links = [link for link in LINK.findall(text) if "://" not in link]
    missing = [link for link in links if not ((ROOT / document).parent / link).exists()]
    for name in NAMED.findall(text):
        if not any((place / name).exists() for place in (ROOT, ROOT / "src/acapella")):
            missing.append(name)
    assert not missing
