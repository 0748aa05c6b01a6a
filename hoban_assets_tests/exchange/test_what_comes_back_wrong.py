"""What a person may hand in by mistake: one message a picture, in both languages."""

import json
import re
import shutil
from xml.etree import ElementTree

import pytest
from desk import Desk, coco_of, put

from hoban_assets.corrections.log import read_log
from hoban_assets.corrections.standing import standing
from hoban_assets.errors import HobanError
from hoban_assets.reporting.translating import error_text

BOX = {"category_id": 3, "bbox": [1, 1, 9, 9], "iscrowd": 0}


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def moved(document, image=1, dx=3):
    """A person's sound edit, which must come through whatever else is wrong."""
    line = next(a for a in document["annotations"] if a["image_id"] == image)
    line["bbox"] = [line["bbox"][0] + dx, *line["bbox"][1:]]


def other_hash(document, done):
    first, second, _ = document["images"]
    second["content_hash"] = first["content_hash"]


def other_size(document, done):
    document["images"][1] |= {"width": 48, "height": 64}


def listed_twice(document, done):
    document["images"].append({**document["images"][1], "id": 9})
    document["annotations"].append({**BOX, "id": 99, "image_id": 9})


def not_listed(document, done):
    document["annotations"].append({**BOX, "id": 99, "image_id": 77})


def changed(**how):
    def change(document, done):
        next(a for a in document["annotations"] if a["image_id"] == 2).update(how)

    return change


def without(*names):
    def change(document, done):
        line = next(a for a in document["annotations"] if a["image_id"] == 2)
        for name in names:
            del line[name]

    return change


def swapped_files(document, done):
    _, second, third = sorted((done.folder / "images").iterdir())
    spare = second.with_name("spare.jpg")
    second.rename(spare)
    third.rename(second)
    spare.rename(third)


def written_anew(document, done):
    _, second, _ = sorted((done.folder / "images").iterdir())
    data = second.read_bytes()
    second.unlink()  # else the raw file that it links would change
    second.write_bytes(data + b" ")


def of_another_project(document, done):
    document["images"][1] |= {"file_name": "frame_000001.jpg", "content_hash": "0" * 32}


def of_another_project_by_name(document, done):
    (done.folder / "images" / document["images"][1]["file_name"]).unlink()
    document["images"][1] = {**document["images"][1], "file_name": "f.jpg", "content_hash": ""}


def complete_of_no_class(document, done):
    document["images"][1]["labelled_classes"] = ["person", "safety_west"]


def both_at_once(document, done):
    for k, category in enumerate((1, 2)):
        line = {**BOX, "id": 90 + k, "image_id": 2, "category_id": category}
        document["annotations"].append(line)


WRONG = {
    "other_hash": (other_hash, "tells of another picture"),
    "other_size": (other_size, "48 x 64 pixels"),
    "listed_twice": (listed_twice, "listed twice"),
    "not_listed": (not_listed, "does not list"),
    "swapped_files": (swapped_files, "another picture than its name says"),
    "written_anew": (written_anew, "written anew by a tool"),
    "of_another_project": (of_another_project, "not exported from here"),
    "of_another_project_by_name": (of_another_project_by_name, "not exported from here"),
    "complete_of_no_class": (complete_of_no_class, "'safety_west'"),
    "both_at_once": (both_at_once, "cannot be both"),
    "no_bbox": (without("bbox"), "'bbox' is missing"),
    "no_category": (without("category_id"), "'category_id' is missing"),
    "no_numbers": (changed(bbox=["a", 1, 2, 3]), "cannot be read"),
    "three_numbers": (changed(bbox=[1, 2, 3]), "cannot be read"),
    "bbox_of_nothing": (changed(bbox=None), "cannot be read"),
    "outside": (changed(bbox=[640, 1, 40, 9]), "outside the picture"),
    "not_a_number": (changed(bbox=[float("nan"), 1, 4, 9]), "outside the picture"),
    "endless": (changed(bbox=[float("inf"), 1, 4, 9]), "outside the picture"),
    "backwards": (changed(bbox=[30, 20, -9, -9]), "without area"),
    "flat": (changed(bbox=[5, 5, 0, 9]), "without area"),
    "unknown_class": (changed(category_id=77), "no class '77'"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_one_picture_is_told_and_the_others_are_taken(desk, name):
    change, reason = WRONG[name]
    done = desk.out()
    document = coco_of(done)
    moved(document)
    change(document, done)
    put(done, document)
    raw = {file: file.read_bytes() for file in desk.raw.rglob("*.jpg")}
    found = desk.back(done.folder)
    assert [row.image_id for row in found.rows] == ["coco/a.jpg"]
    assert found.refused
    assert all(reason in told for _, told in found.refused), found.refused
    for _, told in found.refused:
        assert re.search("[가-힣]", error_text(told, "ko")), told
    assert raw == {file: file.read_bytes() for file in desk.raw.rglob("*.jpg")}


def test_a_class_order_of_another_tool_is_followed_by_its_names(desk):
    done = desk.out("yolo")
    names = done.folder / "data.yaml"
    names.write_text("names: [fallen, person, person_without_helmet, person_with_helmet]\n")
    turned = {"0": "3", "1": "2", "2": "1", "3": "0"}
    for label in (done.folder / "labels").rglob("*.txt"):
        rows = [line.split() for line in label.read_text().splitlines()]
        label.write_text("".join(f"{turned[k]} {' '.join(rest)}\n" for k, *rest in rows))
    found = desk.back(done.folder)
    assert (found.rows, found.refused, found.unchanged) == ([], [], 3)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"x": 140}, "outside the picture"),
        ({"width": 250}, "outside the picture"),
        ({"width": "a"}, "cannot be read"),
        ({"rotation": 30}, "turned rectangle"),
        ({"rectanglelabels": []}, "cannot be read"),
        ({"rectanglelabels": ["Car"]}, "no class 'Car'"),
    ],
)
def test_a_region_of_label_studio_that_is_no_label(desk, value, reason):
    done = desk.out("label-studio")
    tasks = json.loads((done.folder / "tasks.json").read_text())
    tasks[1]["annotations"][0]["result"][0]["value"] |= value
    (done.folder / "tasks.json").write_text(json.dumps(tasks))
    found = desk.back(done.folder)
    ((_, told),) = found.refused
    assert reason in told
    assert re.search("[가-힣]", error_text(told, "ko"))
    assert found.unchanged == 2


@pytest.mark.parametrize("shape", ["polygon", "mask", "points"])
def test_a_shape_of_cvat_that_is_no_rectangle(desk, shape):
    done = desk.out("cvat")
    tree = ElementTree.parse(done.folder / "annotations.xml")
    ElementTree.SubElement(tree.findall("image")[0], shape, label="person", points="1,1;2,2")
    tree.findall("image")[2].set("width", "x")
    tree.write(done.folder / "annotations.xml")
    found = desk.back(done.folder)
    assert len(found.refused) == 2
    assert all(re.search("[가-힣]", error_text(told, "ko")) for _, told in found.refused)
    assert found.unchanged == 1


def test_the_same_file_twice_says_nothing_new(desk):
    done = desk.out()
    document = coco_of(done)
    moved(document)
    put(done, document)
    assert len(desk.back(done.folder).rows) == 1
    again = desk.back(done.folder)
    assert (again.rows, again.refused, again.unchanged) == ([], [], 3)
    assert len(read_log(desk.log)) == 1


def test_pictures_that_a_tool_has_scaled_are_the_same_ones(desk):
    done = desk.out()
    document = coco_of(done)
    document["images"][1] |= {"width": 128, "height": 96}
    for line in document["annotations"]:
        if line["image_id"] == 2:
            line["bbox"] = [2 * number for number in line["bbox"]]
    put(done, document)
    shutil.rmtree(done.folder / "images")
    assert desk.back(done.folder).unchanged == 3


def test_what_an_export_showed_is_gone_is_one_message(desk):
    done = desk.out()
    (shown,) = (desk.log.parent / "exports").glob("*.json")
    shown.write_text(shown.read_text()[:-40])
    with pytest.raises(HobanError, match=re.escape(str(shown))):
        desk.back(done.folder)


def test_a_clock_that_went_back_changes_nothing_of_who_spoke_last(desk, monkeypatch):
    from datetime import UTC, datetime

    import desk as desks

    class Earlier(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2001, 1, 1, tzinfo=UTC)

    one, two = desk.out(), desk.out()
    for done, dx in ((one, 2), (two, 5)):
        document = coco_of(done)
        moved(document, dx=dx)
        put(done, document)
    desk.back(one.folder)
    monkeypatch.setattr(desks, "datetime", Earlier)
    (row,) = desk.back(two.folder, author="lee").rows
    assert row.time.year == 2001
    assert standing(read_log(desk.log)).active == (row,)
