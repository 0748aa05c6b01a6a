import gc
import os
import signal
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import hypothesis
import pytest
from filelock import FileLock
from PIL import Image

OPEN = Image.open
# Recipes ask less of the drawn sample, and a checkout in which the demo ran holds it.
os.environ["HOBAN_RAW_ROOT"] = "raw-of-no-test"
os.environ.pop("COLUMNS", None)  # of xdist; commands would leave columns out
# Trainings here are small: a second thread waits for the first one, and burns a core meanwhile
# (26 s of processor time for three of them instead of 33 s).
os.environ.setdefault("OMP_NUM_THREADS", "1")
FIRST = (
    *("training", "world", "test_ui.py", "test_train_on_the_server.py", "test_failures.py"),
    *("test_build_in_a_terminal.py", "test_versions.py", "test_automation_daemon.py"),
    *("test_gpu_pool.py", "test_two_people.py", "test_left_out.py", "test_catalog_failures.py"),
    *("test_new_class.py", "test_front.py", "test_nothing_is_lost_by_a_bad_file.py"),
)
"""Groups that take longest; they start first, so that no core waits at the end."""


# The same examples in every run, and no limit of time: machines are shared.
hypothesis.settings.register_profile(
    "suite", deadline=None, derandomize=True, database=None, max_examples=50
)
hypothesis.settings.load_profile("suite")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Import all tests without a look for garbage: what is imported stays, and is not looked at.

    That takes 4 seconds of each process instead of 6.5.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_unconfigure() -> None:
    gc.unfreeze()  # DuckDB takes what is still there at the end for leaks, and tells them


@pytest.hookimpl(tryfirst=True)  # before xdist looks for groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Share the tests out by what they share: a costly fixture is made by one process only.

    ``make test`` runs with ``--dist loadgroup --no-loadscope-reorder``.
    """
    groups = {item: _group(item) for item in items}
    for item, group in groups.items():
        item.add_marker(pytest.mark.xdist_group(group))
    rank = {name: place for place, name in enumerate(FIRST)}
    items.sort(key=lambda item: rank.get(groups[item], len(FIRST)))


def _group(item: pytest.Item) -> str:
    if "world" in getattr(item, "fixturenames", ()) and not hasattr(item.module, "world"):
        return "world"  # and not a small one of a file's own
    folder = item.path.parent.name
    return folder if folder == "training" else item.path.name


def hear_ctrl_c() -> None:
    """Let nothing that tests start inherit deafness: Dagster ignores SIGTERM then, too."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


hear_ctrl_c()  # what a shell starts in its background ignores it


@pytest.fixture(autouse=True)
def ctrl_c_itself() -> Iterator[None]:
    """Hear Ctrl-C after a command that ended deaf to it, as its answer is not to be interrupted."""
    yield
    hear_ctrl_c()


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


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that the first process of a session makes, and the others find."""
    own = factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / name
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            part = folder.with_suffix(".part")
            make(part)
            part.rename(folder)
    return folder


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generated raw tree with every defect; never written to by a test."""
    from hoban_assets.sample_data import generate

    def draw(folder: Path) -> None:
        generate(folder / "raw", images=120, seed=7)

    return made_once(tmp_path_factory, "sample", draw) / "raw"


@pytest.fixture(scope="session")
def world(sample: Path, tmp_path_factory: pytest.TempPathFactory):
    """A project with dataset_v8, dataset_v9 and their models.

    Shared by all tests: they may add to it, and take nothing away.
    """
    from world import make_world

    return make_world(tmp_path_factory.mktemp("world") / "project", sample)
