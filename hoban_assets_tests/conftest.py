import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_raw() -> Path:
    """Small tree of real photographs, which only the developers' machines have."""
    checkout = Path(__file__).parents[1]
    folder = Path(os.environ.get("HOBAN_REAL_RAW", checkout.parent / "shared" / "real_raw"))
    if not folder.is_dir():
        pytest.skip("the real photographs (HOBAN_REAL_RAW) are not on this machine")
    return folder


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generated raw tree with every defect; never written to by a test."""
    from hoban_assets.sample_data import generate

    folder = tmp_path_factory.mktemp("sample") / "raw"
    generate(folder, images=120, seed=7)
    return folder


@pytest.fixture(scope="session")
def world(sample: Path, tmp_path_factory: pytest.TempPathFactory):
    """A project with dataset_v8, dataset_v9 and their models, built by the commands of the README.

    Shared by all tests: they may add to it, and take nothing away.
    """
    from world import make_world

    return make_world(tmp_path_factory.mktemp("world") / "project", sample)
