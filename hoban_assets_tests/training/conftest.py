"""One training that many tests look at: two epochs take longer than all other tests together."""

from pathlib import Path

import pytest
from training_tools import Run, lay_bait, plan_for, publish_squares, run_worker


@pytest.fixture(scope="session")
def squares(tmp_path_factory) -> Path:
    return publish_squares(tmp_path_factory.mktemp("published") / "dataset_v9")


@pytest.fixture(scope="session")
def trained(tmp_path_factory, squares) -> Run:
    """Two masked epochs from scratch, where all that Ultralytics may trip over is near.

    No network, an outer launcher's variables, an API key, packages to report to, and a path with a
    dot, a blank and Korean.
    """
    root = tmp_path_factory.mktemp("자료 v1.2")
    outer = {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}
    with pytest.MonkeyPatch.context() as patch:
        # As on a Ray cluster, whose training has to give the same figures.
        patch.delenv("OMP_NUM_THREADS")
        return run_worker(
            plan_for(root, squares, partial_labels="mask"),
            packages=lay_bait(root / "packages"),
            HOBAN_TEST_NETWORK=str(root / "network.txt"),
            HOBAN_TEST_IMPORTED=str(root / "imported.txt"),
            ULTRALYTICS_API_KEY=f"ul_{'0' * 40}",
            **outer,
        )


@pytest.fixture(scope="session")
def ultralytics(tmp_path_factory):
    """Ultralytics in this process, with its settings in a folder of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("YOLO_CONFIG_DIR", str(tmp_path_factory.mktemp("config")))
        patch.setenv("YOLO_OFFLINE", "1")
        patch.setenv("YOLO_AUTOINSTALL", "False")
        import ultralytics
        import ultralytics.cfg

        yield ultralytics
