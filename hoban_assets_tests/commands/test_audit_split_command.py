"""`hoban audit-split` on a folder whose val is made of neighbours of its train."""

import csv
import json

import cv2
import numpy as np
import pytest
from builders import samples_of
from cli_runs import run_hoban

from hoban_assets.catalog.store import Build, Catalog
from hoban_assets.errors import HobanError


@pytest.fixture
def hoban(tmp_path, monkeypatch):
    monkeypatch.setenv("HOBAN_RAW_ROOT", str(tmp_path))
    monkeypatch.setenv("HOBAN_DATA_ROOT", str(tmp_path / "data"))
    monkeypatch.setenv("HOBAN_LANG", "en")
    return run_hoban


def drawn(folder, parts, scenes):
    """Photographs that alternate between `parts`: `scenes` in turn, each a little brighter."""
    draw = np.random.default_rng(1)
    grounds = [draw.integers(0, 200, (6, 8, 3), dtype=np.uint8) for _ in range(scenes)]
    for i in range(12):
        place = folder / parts[i % len(parts)]
        for name in ("images", "labels"):
            (place / name).mkdir(parents=True, exist_ok=True)
        picture = cv2.resize(grounds[i % scenes], (160, 120), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(place / "images" / f"walk{i}x.jpg"), np.minimum(picture + i, 255))
        (place / "labels" / f"walk{i}x.txt").write_text(f"{i % 2 * 5} 0.5 0.5 0.2 0.3\n")
    (folder / "data.yaml").write_text("names: [a, b, c, d, e, f]\n")


def test_neighbours_over_the_split_are_counted_and_a_clean_split_is_listed(hoban, tmp_path):
    drawn(tmp_path / "yard", ("train", "train", "valid"), scenes=1)
    said = json.loads(hoban("audit-split", tmp_path / "yard", "--json"))
    (row,) = said["parts"]
    assert (row["part"], row["images"], row["leaking"], row["same_file"]) == ("valid", 4, 4, 0)
    assert said["worst"][0]["train_file"].startswith("yard/train/")
    with open(said["list_file"], encoding="utf-8", newline="") as file:  # noqa: PTH123
        lines = list(csv.DictReader(file))
    assert {line["clean"] for line in lines} == {"train"}  # one scene is one group
    assert sum(row["train"] + row["val"] for row in said["clean"]) == 12


def test_different_scenes_do_not_leak(hoban, tmp_path):
    drawn(tmp_path / "yard", ("train", "train", "valid"), scenes=12)
    said = json.loads(hoban("audit-split", tmp_path / "yard", "--json"))
    assert said["parts"][0]["leaking"] == 0
    assert said["images"]["val"] >= 1
    assert "valid" in hoban("audit-split", tmp_path / "yard")


@pytest.mark.parametrize("parts", [("train",), ("valid",)])
def test_a_folder_with_one_part_has_nothing_to_audit(hoban, tmp_path, parts):
    drawn(tmp_path / "yard", parts, scenes=2)
    with pytest.raises(HobanError, match="has no split to audit"):
        hoban("audit-split", tmp_path / "yard")


@pytest.mark.parametrize(("scenes", "share"), [(1, 1.0), (12, None)])
def test_inspect_tells_neighbours_over_the_split_that_no_name_tells(hoban, tmp_path, scenes, share):
    drawn(tmp_path / "yard", ("train", "train", "valid"), scenes=scenes)
    said = json.loads(hoban("inspect", tmp_path / "yard", "--json"))
    near = [row["share"] for row in said["leakage"] if row["kind"] == "near"]
    assert near == ([] if share is None else [share])
    told = [f for f in said["findings"] if "near-copies by their pictures" in f["text"]]
    assert [f["severity"] for f in told] == (["serious"] if share else [])
    assert all("hoban audit-split" in f["what_to_do"] for f in told)
    assert not json.loads(hoban("inspect", tmp_path / "yard", "--json", "--no-images"))["leakage"]


def test_a_coco_tree_with_a_folder_for_each_part_is_audited(hoban, tmp_path):
    drawn(tmp_path / "yolo", ("train", "val"), scenes=1)
    annotations = tmp_path / "yard" / "annotations"
    annotations.mkdir(parents=True)
    for part in ("train", "val"):
        (tmp_path / "yolo" / part / "images").rename(tmp_path / "yard" / f"{part}2017")
        files = sorted(p.name for p in (tmp_path / "yard" / f"{part}2017").iterdir())
        images = [
            {"id": i, "file_name": name, "width": 160, "height": 120}
            for i, name in enumerate(files)
        ]
        boxes = [
            {"id": i, "image_id": i, "category_id": 1, "bbox": [9, 9, 40, 50], "area": 2000}
            for i in range(len(files))
        ]
        whole = {"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "a"}]}
        (annotations / f"instances_{part}2017.json").write_text(json.dumps(whole))
    said = json.loads(hoban("audit-split", tmp_path / "yard", "--json"))
    assert [(r["part"], r["images"], r["leaking"]) for r in said["parts"]] == [("valid", 6, 6)]


def test_a_page_shows_the_pairs_and_the_engine_says_what_it_cannot_see(hoban, tmp_path):
    drawn(tmp_path / "yard", ("train", "train", "valid"), scenes=1)
    said = hoban("audit-split", tmp_path / "yard", "--engine", "thumbnail")
    assert "thumbnail cannot see copies that are turned, mirrored or cropped" in said
    page = tmp_path / "data" / "reports" / "audit-split" / "yard" / "index.html"
    assert str(page) in said
    text = page.read_text(encoding="utf-8")
    assert text.count("data:image/jpeg") == 8  # four of valid, each beside one of train
    assert "cannot see copies that are turned" in text
    with pytest.raises(HobanError, match="engine"):
        hoban("audit-split", tmp_path / "yard", "--engine", "thumbnai1x")


def test_a_dataset_is_audited_by_its_name(hoban, tmp_path):
    drawn(tmp_path / "yard", ("train", "train", "valid"), scenes=1)
    files = sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*.jpg"))
    sides = ["val" if "/valid/" in file else "train" for file in files]
    rows = samples_of({file: [("person", 0.1)] for file in files}, split=sides)
    Catalog(tmp_path / "data" / "catalog.duckdb").record(
        "dataset_v9", "full", Build("key", samples=rows)
    )
    said = json.loads(hoban("audit-split", "dataset_v9", "--partition", "full", "--json"))
    assert [(r["part"], r["images"], r["leaking"]) for r in said["parts"]] == [("val", 4, 4)]
    with pytest.raises(HobanError, match="never been materialised"):
        hoban("audit-split", "dataset_v8")


def test_folders_of_one_name_keep_a_report_each(hoban, tmp_path):
    for folder in ("a/yard", "b/yard"):
        drawn(tmp_path / folder, ("train", "valid"), scenes=12)
    pages = {
        json.loads(hoban("audit-split", tmp_path / folder, "--json"))["page"]
        for folder in ("a/yard", "b/yard")
    }
    assert len(pages) == 2


def test_the_engine_copies_finds_a_mirrored_val(hoban, tmp_path):
    drawn(tmp_path / "yard", ("train", "valid"), scenes=12)
    files = [sorted((tmp_path / "yard" / part).rglob("*.jpg")) for part in ("train", "valid")]
    for train, valid in zip(*files, strict=True):
        cv2.imwrite(str(valid), cv2.imread(str(train))[:, ::-1])
    for engine, leaking in (("thumbnail", 0), ("copies", 6)):
        said = json.loads(hoban("audit-split", tmp_path / "yard", "--engine", engine, "--json"))
        assert [row["leaking"] for row in said["parts"]] == [leaking]
