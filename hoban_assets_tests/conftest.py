import os
from pathlib import Path

import hypothesis
import pytest
from PIL import Image

OPEN = Image.open
# Recipes ask less of the drawn sample, and a checkout in which the demo ran holds it.
os.environ["HOBAN_RAW_ROOT"] = "raw-of-no-test"
FIRST = ("world", "training", "test_ui.py")
"""Groups that take longest; they start first, so that no core waits at the end."""


# The same examples in every run, and no limit of time: machines are shared.
hypothesis.settings.register_profile(
    "suite", deadline=None, derandomize=True, database=None, max_examples=50
)
hypothesis.settings.load_profile("suite")


@pytest.hookimpl(tryfirst=True)  # before xdist looks for groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Share the tests out by what they share: a costly fixture is made by one process only.

    ``make test`` runs with ``-n 2 --dist loadgroup --no-loadscope-reorder``.
    """
    groups = {item: _group(item) for item in items}
    for item, group in groups.items():
        item.add_marker(pytest.mark.xdist_group(group))
    rank = {name: place for place, name in enumerate(FIRST)}
    items.sort(key=lambda item: rank.get(groups[item], len(FIRST)))


def _group(item: pytest.Item) -> str:
    if "world" in getattr(item, "fixturenames", ()):
        return "world"
    folder = item.path.parent.name
    return folder if folder == "training" else item.path.name


@pytest.fixture(autouse=True)
def pillow_itself() -> None:
    """Take back `Image.open`, which Ultralytics replaces by one that tries to install a plugin.

    Some tests import Ultralytics into this process; of the product, only the workers do.
    """
    Image.open = OPEN


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
