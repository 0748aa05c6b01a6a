from pathlib import Path

import pytest

from hoban_assets.sample_data import SampleSummary, generate


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SampleSummary:
    """A small tree, drawn once."""
    return generate(tmp_path_factory.mktemp("sample") / "raw", images=60)


@pytest.fixture(scope="session")
def tree(sample: SampleSummary) -> Path:
    return sample.folder
