"""The readers do with every defect of the sample what defects.json says, and with nothing else."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sample_sources import SOURCES, raw_path, read_tree

from hoban_assets.formats import undeclared_folders
from hoban_assets.samples import Samples

Entry = dict[str, Any]


@pytest.fixture(scope="module")
def defects(tree: Path) -> list[Entry]:
    return json.loads((tree / "defects.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def samples(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Samples:
    return read_tree(tree, tmp_path_factory.mktemp("facts"))


def matching(entry: Entry, decisions: pd.DataFrame) -> pd.DataFrame:
    expected = entry["expected"]
    found = decisions[
        (decisions.rule == expected["rule"]) & (decisions.action == expected["action"])
    ]
    is_about = (found.file == entry["file"]) | (found.image_id.map(raw_path) == entry["file"])
    is_row = (found.row == entry["row"]).fillna(False) if entry["row"] is not None else True
    return found[is_about & is_row]


def test_every_defect_ends_as_it_should(defects: list[Entry], samples: Samples) -> None:
    missed = [
        entry
        for entry in defects
        if entry["expected"]["rule"] is not None and matching(entry, samples.decisions).empty
    ]
    assert missed == []


def test_images_that_only_look_wrong_are_kept(defects: list[Entry], samples: Samples) -> None:
    known = {*samples.images.file, *samples.images.label_file}
    kept = [
        e["file"]
        for e in defects
        if e["expected"] == {"rule": None, "action": "keep", "scope": "image"}
    ]
    assert kept
    assert [file for file in kept if file not in known] == []


def test_rows_that_only_look_wrong_are_kept(defects: list[Entry], samples: Samples) -> None:
    rows = samples.boxes.merge(samples.images[["image_id", "label_file"]], on="image_id")
    known = set(zip(rows.label_file, rows.row, strict=True))
    kept = [
        (e["file"], e["row"])
        for e in defects
        if e["expected"]["rule"] is None and e["row"] is not None
    ]
    assert kept
    assert [pair for pair in kept if pair not in known] == []


def test_dropped_images_are_gone(defects: list[Entry], samples: Samples) -> None:
    expected = [
        e
        for e in defects
        if e["expected"]["scope"] == "image" and e["expected"]["action"] == "drop"
    ]
    known = {*samples.images.file, *samples.images.label_file} - {
        "coco/annotations/instances_train2017.json"
    }
    assert expected
    assert [e["file"] for e in expected if e["file"] in known] == []


def test_nothing_else_is_wrong(defects: list[Entry], samples: Samples) -> None:
    listed = [matching(e, samples.decisions).index for e in defects if e["expected"]["rule"]]
    rest = samples.decisions.drop(index=listed[0].append(listed[1:]).unique())
    # Classes that nobody uses are everywhere; a label without image is what makes the background
    # trap; an image without annotations is kept, and listed for review.
    traps = rest.file.str.match(r"helmet_21k/helmet_.*/labels/S2-N395") & (
        rest.rule == "image_missing"
    )
    assert set(rest[~traps].rule) <= {"class_not_used", "no_annotations", "not_read"}


def test_folders_that_nobody_declared_lie_beside_the_declared_ones(tree: Path) -> None:
    assert undeclared_folders(tree, SOURCES) == ["fall.v3i.yolo26", "fall_extra.yolo26"]


def test_every_defect_names_a_file_or_folder_of_the_tree(tree: Path, defects: list[Entry]) -> None:
    assert [e["file"] for e in defects if not (tree / e["file"]).exists()] == []
