"""One training that many tests look at: two epochs take longer than all other tests together."""

from pathlib import Path

import pytest
from training_tools import Run, plan_for, publish_squares, run_worker


@pytest.fixture(scope="session")
def squares(tmp_path_factory) -> Path:
    return publish_squares(tmp_path_factory.mktemp("published") / "dataset_v9")


@pytest.fixture(scope="session")
def trained(tmp_path_factory, squares) -> Run:
    """Two epochs from scratch, under an outer launcher's variables and without network."""
    root = tmp_path_factory.mktemp("data")
    outer = {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}
    touched = root / "network.txt"
    return run_worker(plan_for(root, squares), **outer, HOBAN_TEST_NETWORK=str(touched))


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
