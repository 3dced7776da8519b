from pathlib import Path

from tests.settings.table import CHOPNAMES, OURS, TABLE

from acapella.settings import options_table

ROOT = Path(__file__).parents[2]


def test_options_table_lists_every_option_in_order() -> None:
    head, rule, *rows = options_table().splitlines()
    assert head == "| Variable | Description | Possible values | Default |"
    assert rule == "|---|---|---|---|"
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    assert [row[0] for row in cells] == [*TABLE, *OURS]
    assert {row[0] for row in cells if row[1].endswith("(ours)")} == set(OURS)
    assert all(len(row) == 4 and all(row) for row in cells)
    assert {row[0]: row[3].strip('"') for row in cells if row[0] in TABLE} == TABLE
    assert {row[0]: row[2] for row in cells}["CHOPNAME"] == CHOPNAMES


def test_the_documentation_has_the_table_of_all_options() -> None:
    page = (ROOT / "docs/options.md").read_text(encoding="utf-8")
    assert f"-->\n{options_table().strip()}\n<!-- /options -->" in page
    assert "(docs/options.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
