"""Edits of other tools become corrections; what cannot is told, and harms no other."""

import json
import zipfile

import pytest
from correcting import box, correction
from desk import TOLD, Desk, coco_of, put, widen

from hoban_assets.catalog.answers import asking
from hoban_assets.corrections.log import append, read_log
from hoban_assets.corrections.standing import standing
from hoban_assets.errors import HobanError
from hoban_assets.exchange.exporting import Wanted, export, pictures_of
from hoban_assets.exchange.reading import read_returned


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def test_an_edit_on_a_dataset_is_a_correction_of_the_picture_in_its_stage(desk):
    done = desk.out()
    document = coco_of(done)
    fallen = next(a for a in document["annotations"] if not a["iscrowd"])
    fallen["bbox"][0] += 5
    put(done, document)
    found = desk.back(done.folder)
    (row,) = found.rows
    assert (found.unchanged, found.refused) == (2, [])
    assert (row.image_id, row.author, row.tool, row.kind) == ("coco/a.jpg", "kim", "coco", "boxes")
    assert {b.class_name: b.ignore for b in row.after} == {"person": False, "fallen": False}
    moved = [(a.x, b.x) for a, b in zip(row.before, row.after, strict=True) if a != b]
    assert moved == [(pytest.approx(0.499), pytest.approx(0.499 + 5 / 64))]
    assert desk.back(done.folder).rows == []  # a second time there is nothing new


def test_pictures_are_known_by_their_bytes_whatever_they_are_called_now(desk):
    done = desk.out("yolo")
    for number, file in enumerate(sorted((done.folder / "images/train").iterdir())):
        label = done.folder / "labels/train" / f"{file.stem}.txt"
        label.rename(label.with_name(f"renamed{number}.txt"))
        file.rename(file.with_name(f"renamed{number}.jpg"))
    (done.folder / "labels/train/renamed1.txt").write_text("")
    found = desk.back(done.folder)
    assert [r.image_id for r in found.rows] == ["coco/b.jpg"]
    assert [b.class_name for b in found.rows[0].after] == ["person"]  # it was not shown, and stays


def test_a_file_alone_is_enough_where_the_names_are_as_exported(desk, tmp_path):
    done = desk.out("cvat")
    text = (done.folder / "annotations.xml").read_text()
    one = text.replace("<box ", '<tag label="reject"/><box ', 1)
    with zipfile.ZipFile(tmp_path / "job.zip", "w") as archive:
        archive.writestr("annotations.xml", one)
    (row,) = desk.back(tmp_path / "job.zip").rows
    assert (row.image_id, row.kind, row.after) == ("coco/a.jpg", "reject", ())


def test_what_was_looked_at_and_is_right_can_be_said(desk):
    found = desk.back(desk.out().folder, accept=True)
    assert [(r.kind, r.before == r.after) for r in found.rows] == [("accept", True)] * 3


def test_classes_that_are_complete_travel_where_the_format_has_a_place(desk):
    done = desk.out("cvat")
    file = done.folder / "annotations.xml"
    text = file.read_text()
    file.write_text(text.replace(",fallen</attribute>", "</attribute>", 1))
    (row,) = desk.back(file).rows
    assert "fallen" not in row.complete
    assert desk.out("yolo").left_behind == ("ignore", "complete", "reject")


def test_the_later_of_two_people_stands_and_is_told_of_the_other(desk):
    one, two = desk.out(), desk.out()
    for done, width in ((one, 10), (two, 20)):
        widen(done, width)
    kim = desk.back(one.folder).rows[0]
    found = desk.back(two.folder, author="lee")
    (lee,) = found.rows
    assert found.overruled == [(lee, kim)]
    assert [round(b.w * 64) for b in kim.after if b.class_name == "fallen"] == [10]
    assert [round(b.w * 64) for b in lee.after if b.class_name == "fallen"] == [20]
    assert standing(read_log(desk.log)).active == (lee,)


def test_another_box_of_a_picture_that_somebody_corrected_meanwhile_keeps_both(desk):
    one, two = desk.out(), desk.out()
    document = coco_of(one)
    document["annotations"][1]["bbox"][2] = 10
    put(one, document)
    other = coco_of(two)
    new = {"id": 99, "image_id": 1, "category_id": 3, "bbox": [1, 1, 9, 9], "iscrowd": 0}
    other["annotations"].append(new)
    put(two, other)
    kim = desk.back(one.folder).rows[0]
    found = desk.back(two.folder, author="lee")
    (lee,) = found.rows
    assert found.overruled == [(lee, kim)]
    assert set(kim.after) < set(lee.after)
    assert lee.before == kim.before
    assert standing(read_log(desk.log)).active == (lee,)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"bbox": [60, 1, 40, 9]}, "outside the picture"),
        ({"category_id": 77}, "no class '77'"),
        ({"bbox": [5, 5, 0, 9]}, "without area"),
    ],
)
def test_what_is_no_label_is_told_and_the_other_pictures_are_taken(desk, change, reason):
    done = desk.out()
    document = coco_of(done)
    document["annotations"][1] |= change
    document["annotations"] = [a for a in document["annotations"] if a["image_id"] != 2]
    put(done, document)
    found = desk.back(done.folder)
    assert [r.image_id for r in found.rows] == ["coco/b.jpg"]
    assert [told for _, told in found.refused if reason in told]


def test_a_box_that_reaches_over_the_edge_is_cut_off_there(desk):
    done = desk.out()
    document = coco_of(done)
    document["annotations"][1]["bbox"] = [40, 1, 30, 9]
    put(done, document)
    (row,) = desk.back(done.folder).rows
    assert max(b.corners[2] for b in row.after) == pytest.approx(1)


def test_another_pictures_file_under_a_known_name_is_not_taken(desk):
    done = desk.out()
    first, second, _ = sorted((done.folder / "images").iterdir())
    first.unlink()
    second.rename(first)
    found = desk.back(done.folder)
    assert [reason for _, reason in found.refused] == [
        "its file holds another picture than its name says"
    ]


def test_pictures_that_were_never_shown_are_told(desk, tmp_path):
    image = {"id": 1, "file_name": "other.jpg", "width": 64, "height": 48}
    (tmp_path / "x.json").write_text(
        json.dumps({"images": [image], "annotations": [], "categories": []})
    )
    found = desk.back(tmp_path / "x.json")
    assert found.rows == []
    assert "not exported from here" in found.refused[0][1]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.xml", "<annotations>"),
        ("a.xml", "<other/>"),
        ("a.xml", '<!DOCTYPE a [<!ENTITY x "y">]><annotations>&x;</annotations>'),
        ("a.json", '{"images": 1}'),
        ("a.json", '[{"data": {}}]'),
        ("a.json", "{"),
        ("a.zip", "no archive"),
        ("a.txt", "hello"),
    ],
)
def test_a_foreign_file_is_one_message_with_its_name(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(HobanError, match=str(tmp_path / name)):
        read_returned(tmp_path / name)


def test_an_export_is_there_as_a_whole_or_not_at_all_and_never_over_another(desk):
    done = desk.out(class_name="fallen", count=2)
    assert (done.pictures, done.linked) == (2, 2)
    with asking(desk.catalog.path) as ask:
        pictures = pictures_of(ask, Wanted("dataset_v9", "sub"))
    with pytest.raises(HobanError, match="there already"):
        export(pictures, "coco", done.folder, desk.raw, desk.log.parent / "exports", TOLD)
    (desk.raw / "coco/c.jpg").unlink()
    with pytest.raises(HobanError, match=r"coco/c\.jpg"):
        export(pictures, "coco", desk.folder / "new", desk.raw, desk.log.parent / "exports", TOLD)
    assert not (desk.folder / "new").exists()


def test_a_correction_that_the_raw_label_outran_is_no_base_for_the_next(desk):
    known = desk.catalog.query("SELECT content_hash FROM images WHERE image_id = 'coco/a.jpg'")
    stale = correction("coco/a.jpg", [box()], [box(0.4)], content_hash=known.content_hash[0])
    append(desk.log, [stale])
    done = desk.out()
    document = coco_of(done)
    document["annotations"][1]["bbox"][2] = 10
    put(done, document)
    (row,) = desk.back(done.folder).rows
    assert len(row.before) == 2
