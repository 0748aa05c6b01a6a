from collections.abc import Iterator
from pathlib import Path

import pytest
from toys import V6, V9, Toys

from hoban_assets.components.rebuild import next_step, records


@pytest.fixture(scope="module")
def toys_once(tmp_path_factory: pytest.TempPathFactory) -> Toys:
    """v9 and v6 built and up to date in sub."""
    toys = Toys(tmp_path_factory.mktemp("toys"))
    toys.build(*V9, *V6)
    return toys


@pytest.fixture
def toys(toys_once: Toys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Toys]:
    """v9 and v6 built and up to date in sub; failures are asked for again at once."""
    monkeypatch.setattr(records, "PAUSES", (records.timedelta(0),))
    # Others may edit the code while tests run; one test looks at what happens then.
    monkeypatch.setattr(next_step, "code_on_disk_differs", lambda: False)
    with toys_once.copied_to(tmp_path):
        yield toys_once
