import pytest
from tests.settings.table import OURS, TABLE


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*TABLE, *OURS]:
        monkeypatch.delenv(name, raising=False)
