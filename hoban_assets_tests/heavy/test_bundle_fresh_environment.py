"""A bundle trains in an environment made from its own requirements.txt, by the real pip.

It takes minutes, 6 GB of disk and a package index: ``make test-bundle``.
"""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from bundle_world import Server, office_in, photographs

pytestmark = [
    pytest.mark.skipif(
        os.environ.get("HOBAN_HEAVY") != "bundle",
        reason="installs PyTorch into a new environment: make test-bundle",
    ),
    pytest.mark.timeout(3600),
]


def test_the_pinned_packages_are_enough_to_train_and_the_model_comes_back(tmp_path: Path):
    office = office_in(tmp_path / "office")
    office.build("dataset_v9", photographs(0, 20))
    archive = office.bundle("dataset_v9")

    (tmp_path / "server").mkdir()
    server = Server(tmp_path / "server", tmp_path / "server" / "env" / "bin" / "python")
    folder = server.unpack(archive)
    venv.create(server.folder / "env", with_pip=True, symlinks=True)
    install = [server.python, "-m", "pip", "install", "--quiet", "-r", folder / "requirements.txt"]
    subprocess.run(install, check=True, env={**os.environ, "PYTHONPATH": ""})

    said = server.must(f"PYTHON={server.python} ./train.sh", folder)
    assert "epoch 3/3" in said
    assert "other versions than packed" not in said
    assert sys.prefix not in said

    (results,) = folder.glob("results_*.tar")
    done = office.shell(f"hoban import-results '{results}'")
    assert done.returncode == 0, done.stderr
    current = office.road.catalog.current("model_v9", "full")
    assert current is not None
    assert current.path is not None
    assert (Path(current.path) / "best.pt").is_file()
