"""A data root in which datasets are built for `full`, and a server with nothing of this project."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from builders import samples_of
from road import REPOSITORY, Road
from typer.testing import CliRunner

from hoban_assets.catalog.store import Build, Catalog
from hoban_assets.cli import app
from hoban_assets.publish.yolo_tree import publish
from hoban_assets.samples import Samples

FULL = "full"
SIZE = 64
CLASSES = ("person_with_helmet", "person_without_helmet", "person", "fallen")
NOT_THERE = (
    *("hoban_assets", "dagster", "dagster_pipes", "duckdb", "pandas", "pyarrow", "xxhash"),
    *("ray", "orjson", "typer", "rich", "pydantic"),
)
"""What a server has not, although this environment has it."""
HIDE = f"""
import sys
class Without:
    def __init__(self, finder):
        self.finder = finder
    def __getattr__(self, name):
        return getattr(self.finder, name)
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {NOT_THERE!r}:
            return None
        return self.finder.find_spec(name, path, target)
sys.meta_path[:] = map(Without, sys.meta_path)
"""


@dataclass(frozen=True)
class Office:
    """The team's own machine: a raw root, a data root, and `hoban`."""

    folder: Path

    @property
    def road(self) -> Road:
        return Road(self.folder / "raw", self.folder / "data")

    @property
    def bundles(self) -> Path:
        return self.road.data / "bundles"

    def env(self, **more: str) -> dict[str, str]:
        own = {"DAGSTER_HOME": str(self.folder), "HOBAN_LANG": "en", "HOBAN_BATCH": "4"}
        return self.road.env(**own, HOBAN_EPOCHS_FULL="3", HOBAN_DEVICE="cpu", **more)

    @contextmanager
    def environment(self, **more: str) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.env(**more).items():
                patch.setenv(name, value)
            yield

    def hoban(self, *arguments: object, **env: str) -> str:
        """What the command prints; an error that it raises is raised."""
        with self.environment(**env):
            result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.stdout

    def bundle(self, *arguments: object) -> Path:
        """Make a bundle; return the archive."""
        made: dict[str, str] = json.loads(self.hoban("bundle", *arguments, "--json"))
        return Path(made["archive"])

    def shell(self, command: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a line of shell in the folder, `hoban` in a process of its own."""
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        return subprocess.run(
            ["/bin/bash", "-c", command],
            cwd=self.folder,
            env={**os.environ, **self.env(PATH=path), "PYTHONWARNINGS": "ignore", **env},
            capture_output=True,
            text=True,
            check=False,
        )

    def build(self, dataset: str, photographs: Sequence[str], val: int = 4) -> Path:
        """Publish and record a dataset of those photographs; the last `val` are for validation."""
        samples = self.samples(photographs, val)
        version = samples.data_version()
        tree = self.road.data / "artifacts" / dataset / FULL / version[:16]
        publish(samples, self.road.raw, tree)
        self.road.catalog.record(dataset, FULL, Build("key", samples=samples, path=str(tree)))
        return tree

    def samples(self, photographs: Sequence[str], val: int) -> Samples:
        """Draw the photographs that are not there yet, and describe them."""
        images = {image: CLASSES[int(Path(image).stem) % 4] for image in photographs}
        for image, name in images.items():
            draw(self.road.raw / image, name)
        split = ["train"] * (len(images) - val) + ["val"] * val
        size = [(self.road.raw / image).stat().st_size for image in images]
        boxes = {image: [(name, 0.2)] for image, name in images.items()}
        return samples_of(boxes, split=split, bytes=size)


def photographs(first: int, last: int, source: str = "coco") -> list[str]:
    """Ids from `first` up to `last`; one number is one content, in whatever source."""
    return [f"{source}/{number:03}.jpg" for number in range(first, last)]


def office_in(folder: Path) -> Office:
    """Return an office with nothing built."""
    (folder / "data").mkdir(parents=True)
    (folder / "dagster.yaml").touch()
    office = Office(folder)
    assert isinstance(office.road.catalog, Catalog)
    return office


def draw(file: Path, name: str) -> None:
    """A photograph: noise that only this file has, with a square in the colour of its class."""
    if file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(int(file.stem)).integers(90, 130, (SIZE, SIZE, 3), np.uint8)
    noise[18:46, 18:46] = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 255, 255)][
        CLASSES.index(name)
    ]
    cv2.imwrite(str(file), noise)


@dataclass(frozen=True)
class Server:
    """Ultralytics and torch, an empty home, and nothing of this project or of Dagster."""

    folder: Path
    python: Path

    @property
    def env(self) -> dict[str, str]:
        system = f"{self.python.parent}:/usr/bin:/bin"
        threads = {"OMP_NUM_THREADS": os.environ["OMP_NUM_THREADS"]}  # see conftest.py
        return {"HOME": str(self.folder), "PATH": system, "LANG": "C.UTF-8", **threads}

    def unpack(self, archive: Path) -> Path:
        """Unpack as a person does; return the folder."""
        subprocess.run(["tar", "xf", str(archive)], cwd=self.folder, env=self.env, check=True)
        (folder,) = [f for f in self.folder.iterdir() if f.name == archive.stem]
        return folder

    def run(self, command: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a line of shell in a folder."""
        return subprocess.run(
            ["/bin/bash", "-c", command],
            cwd=folder,
            env={**self.env, **env},
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def must(self, command: str, folder: Path) -> str:
        """Run a line that has to succeed; return what it printed."""
        done = self.run(command, folder)
        assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-5000:]}"
        return done.stdout


def server_in(folder: Path) -> Server:
    """Make an environment that borrows the packages of this one, without the project itself."""
    venv.create(folder / "env", with_pip=False, symlinks=True)
    (site,) = (folder / "env").glob("lib/python*/site-packages")
    # A folder that is named in a .pth has its own .pth files (the editable install) left out.
    (site / "borrowed.pth").write_text(sysconfig.get_paths()["purelib"] + "\nimport hide\n")
    (site / "hide.py").write_text(HIDE)
    server = Server(folder, folder / "env" / "bin" / "python")
    missing = server.run("python -c 'import hoban_assets'", folder)
    assert "No module named 'hoban_assets'" in missing.stderr
    return server


def tree_of(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    """Path -> content, time of modification, rights of the owner; of every file below a folder."""
    return {
        str(file.relative_to(folder)): (
            file.read_bytes(),
            file.stat().st_mtime_ns,
            file.stat().st_mode & stat.S_IRWXU,
        )
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


__all__ = [
    "FULL",
    "REPOSITORY",
    "Office",
    "Server",
    "office_in",
    "photographs",
    "server_in",
    "tree_of",
]
