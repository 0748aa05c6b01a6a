"""A team adds `safety_vest` with a source of its own: one entry in classes.py, one defs.yaml."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image
from road import REPOSITORY

from hoban_assets.classes import CLASS_NAMES

ENTRY = '    DetectionClass(4, "safety_vest", "안전조끼", "#fab005", "thing"),\n'
SOURCE = """type: hoban_assets.RawSource
attributes:
  name: vests
  folder: vests.v1i.yolo26
  format: yolo
  classes: { vest: safety_vest, worker: person }
"""
RECIPE = """type: hoban_assets.DatasetVersion
attributes:
  version: v13
  description: vests
  stages: [vests]
  quota: { sub: 40, full: 60 }
  partial_labels: mask
  area: { safety_vest: { least: 0.01, outlier: 0.5 } }
"""


def project(folder: Path) -> Path:
    """A copy of the package with the class, the source and a recipe; no other line differs."""
    skip = shutil.ignore_patterns("__pycache__")
    shutil.copytree(REPOSITORY / "hoban_assets", folder / "hoban_assets", ignore=skip)
    for name in ("pyproject.toml", "dagster.yaml"):
        shutil.copy(REPOSITORY / name, folder)
    classes = folder / "hoban_assets" / "classes.py"
    text = classes.read_text(encoding="utf-8")
    end = ')\n"""In the order of their ids.'
    assert text.count(end) == 1
    classes.write_text(text.replace(end, ENTRY + end), encoding="utf-8")
    for name, what in (("raw/vests", SOURCE), ("versions/v13", RECIPE)):
        file = folder / "hoban_assets" / "defs" / name / "defs.yaml"
        file.parent.mkdir(parents=True)
        file.write_text(what, encoding="utf-8")
    return folder


def vests(folder: Path, count: int = 24) -> None:
    """Each photograph is noise of its own, with a vest and a worker on it."""
    draw = np.random.default_rng(7)
    images, labels = folder / "train" / "images", folder / "train" / "labels"
    images.mkdir(parents=True)
    labels.mkdir()
    (folder / "data.yaml").write_text("names: [vest, worker]", encoding="utf-8")
    for number in range(count):
        small = Image.fromarray(draw.integers(0, 255, (6, 8, 3), np.uint8))
        small.resize((160, 120), Image.Resampling.NEAREST).save(images / f"p{number:03}.jpg")
        rows = f"0 0.5 0.5 0.2 {0.2 + 0.01 * (number % 9)}\n1 0.5 0.5 0.4 0.8\n"
        (labels / f"p{number:03}.txt").write_text(rows, encoding="utf-8")


def ran(folder: Path, *assets: str) -> dict:
    env = {
        **os.environ,
        "PYTHONPATH": str(folder),
        "DAGSTER_HOME": str(folder),
        "HOBAN_RAW_ROOT": str(folder / "raw"),
        "HOBAN_DATA_ROOT": str(folder / "data"),
        "HOBAN_FEATURE_ENGINE": "thumbnail",
        "HOBAN_WEIGHTS": "yolo26n.yaml",
        "HOBAN_IMAGE_SIZE": "64",
        "HOBAN_EPOCHS_SUB": "1",
        "PYTHONWARNINGS": "ignore",
    }
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("new_class.py"), *assets],
        cwd=folder,
        env=env,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def facts(tmp_path_factory):
    folder = project(tmp_path_factory.mktemp("vests"))
    vests(folder / "raw" / "vests.v1i.yolo26")
    trained = ["model_v13"] if os.environ.get("HOBAN_HEAVY") == "class" else []
    return ran(folder, "vests", "dataset_v13", *trained)


def test_it_is_read_curated_and_published_and_no_other_id_moves(facts):
    assert facts["built"], facts["why"]
    assert facts["names"] == [*CLASS_NAMES, "safety_vest"]
    assert [(b["class_id"], b["class_name"]) for b in facts["boxes"]] == [
        (CLASS_NAMES.index("person"), "person"),
        (4, "safety_vest"),
    ]
    data = yaml.safe_load(facts["data_yaml"])
    names = data["names"]
    assert dict(enumerate(names) if isinstance(names, list) else names) == dict(
        enumerate([*CLASS_NAMES, "safety_vest"])
    )
    blocking = ("conservation", "boxes_inside_image", "no_unknown_class", "dedupe_certificate")
    assert all(facts["checks"][name] for name in blocking)


def test_every_report_and_the_viewer_tell_of_it(facts):
    assert facts["korean"] == "안전조끼"
    assert facts["seen"] > 0
    assert "safety_vest" in [facet["value"] for facet in facts["facets"]]
    for report in ("summary", "sizes", "gallery", "why_image"):
        assert "safety_vest" in facts[report], facts[report]
    assert "Error" not in facts["quality"]
