"""Folders benchmark_* below the raw root are sources, with the classes that they name."""

import json

import pytest
from PIL import Image

from hoban_assets.classes import class_called
from hoban_assets.errors import HobanError
from hoban_assets.formats import open_source
from hoban_assets.formats.benchmarks import benchmark_sources


def yolo(folder, names):
    for kind in ("images", "labels"):
        (folder / kind).mkdir(parents=True)
    (folder / "data.yaml").write_text(json.dumps({"names": names, "nc": len(names)}))
    for number, rows in enumerate(("0 0.5 0.5 0.4 0.4\n1 0.2 0.2 0.1 0.1\n", "")):
        Image.new("RGB", (40, 40)).save(folder / "images" / f"{number}.jpg")
        (folder / "labels" / f"{number}.txt").write_text(rows)


def test_classes_that_are_called_as_ours_are_used_and_labelled_completely(tmp_path):
    yolo(tmp_path / "benchmark_site", ["Person", "crane"])
    yolo(tmp_path / "other", ["person"])
    (source,) = benchmark_sources(tmp_path)
    assert (source.name, source.labels) == ("benchmark_site", ("person",))
    found = open_source(source, tmp_path).read().samples
    assert len(found.images) == 2  # the empty scene as well
    assert found.labels.class_name.tolist() == ["person"]


def test_only_names_say_what_was_labelled(tmp_path):
    foreign = ["No person", "unfallen", "person_no_helmet", "0", "07", "PERSON ", "안전모 착용"]
    yolo(tmp_path / "benchmark_site", foreign)
    (source,) = benchmark_sources(tmp_path)
    assert set(source.classes.values()) <= {"person", class_called("안전모 착용")}
    assert not {"No person", "unfallen", "person_no_helmet", "0", "07"} & set(source.classes)
    yolo(tmp_path / "benchmark_unnamed", ["person"])
    (tmp_path / "benchmark_unnamed" / "data.yaml").write_text("nc: 2\n")
    (_, unnamed) = benchmark_sources(tmp_path)
    assert not unnamed.classes


def test_a_folder_that_cannot_be_read_is_a_source_all_the_same(tmp_path):
    (tmp_path / "benchmark_empty").mkdir()
    (source,) = benchmark_sources(tmp_path)
    assert source.name == "benchmark_empty" and not source.classes


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("data.yaml", "names: [person\n"),
        ("data.yaml", "names: 7\n"),
        ("annotations/instances.json", '{"images": ['),
        ("annotations/instances.json", '{"images": {}, "annotations": 3, "categories": []}'),
        (None, ""),
    ],
)
def test_what_its_classes_could_not_be_read_from_is_named_where_it_is_read(tmp_path, file, content):
    folder = tmp_path / "benchmark_site"
    yolo(folder, ["person"])
    (folder / "data.yaml").unlink()
    if file:
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_text(content)
    (source,) = benchmark_sources(tmp_path)
    assert not source.classes
    with pytest.raises(HobanError, match="benchmark_site"):
        open_source(source, tmp_path).read()


def test_no_raw_root_no_benchmark(tmp_path):
    assert benchmark_sources(tmp_path / "none") == ()
