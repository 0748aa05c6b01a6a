import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from yard import Yard, empty_yard


def copy(made: Path, target: Path) -> None:
    """Copy with the hard links between raw files and datasets, which shutil would not keep."""
    subprocess.run(["cp", "-a", f"{made}/.", str(target)], check=True)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[Path, Path]]:
    """Data roots made once: what each holds last, and the path below it that matters."""
    one = empty_yard(tmp_path_factory.mktemp("first"))
    first = one.dataset(1, 2).relative_to(one.data)
    trained = empty_yard(tmp_path_factory.mktemp("trained"))
    copy(one.data, trained.data)
    run = trained.training("a", trained.data / first).relative_to(trained.data)
    trained.training("b", trained.data / first)
    two = empty_yard(tmp_path_factory.mktemp("replaced"))
    copy(one.data, two.data)
    two.dataset(1, 3)
    return {
        "first": (one.data, first),
        "trained": (trained.data, run),
        "replaced": (two.data, first),
    }


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    """A yard with nothing in it."""
    return empty_yard(tmp_path)


@pytest.fixture
def first(yard: Yard, made: Mapping[str, tuple[Path, Path]]) -> Path:
    """The current dataset, of photographs 1 and 2."""
    return _put(yard, *made["first"])


@pytest.fixture
def replaced(yard: Yard, made: Mapping[str, tuple[Path, Path]]) -> Path:
    """The dataset of photographs 1 and 2, which one of 1 and 3 has replaced."""
    return _put(yard, *made["replaced"])


@pytest.fixture
def replaced_training(yard: Yard, made: Mapping[str, tuple[Path, Path]]) -> Path:
    """A finished training of the current dataset, which another one has replaced."""
    return _put(yard, *made["trained"])


@pytest.fixture
def trained(yard: Yard, first: Path) -> Yard:
    """A yard with a dataset and its model."""
    (yard.home / "home").mkdir()
    yard.training("a", first)
    return yard


def _put(yard: Yard, data: Path, below: Path) -> Path:
    copy(data, yard.data)
    return yard.data / below
