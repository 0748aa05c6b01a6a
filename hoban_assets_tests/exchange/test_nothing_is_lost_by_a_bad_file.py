"""Files that a tool or a script has spoilt: no box is taken for removed that was only not found."""

import json
import re
from xml.etree import ElementTree

import pytest
from desk import Desk, coco_of, put, widen

from hoban_assets.corrections.log import read_log
from hoban_assets.errors import HobanError
from hoban_assets.exchange.pictures import told_by_name
from hoban_assets.reporting.translating import error_text


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def korean(text):
    return re.search("[가-힣]", error_text(text, "ko"))


@pytest.mark.parametrize("as_other", [str, float])
def test_ids_that_a_tool_wrote_otherwise_are_the_same_ids(desk, as_other):
    done = desk.out()
    document = coco_of(done)
    for line in document["annotations"]:
        line["image_id"] = as_other(line["image_id"])
        line["category_id"] = as_other(line["category_id"])
    put(done, document)
    found = desk.back(done.folder)
    assert (found.rows, found.refused, found.unchanged) == ([], [], 3)


def same_id(document):
    document["images"][1]["id"] = 1


def lost_numbers(document):
    for line in document["annotations"]:
        line["image_id"] += 70 * (line["image_id"] == 2)


@pytest.mark.parametrize(
    ("change", "names"),
    [(same_id, ["a", "b", "image id 2"]), (lost_numbers, ["b", "image id 72"])],
)
def test_a_picture_whose_boxes_may_be_elsewhere_in_the_file_is_not_emptied(desk, change, names):
    done = desk.out()
    document = coco_of(done)
    change(document)
    put(done, document)
    found = desk.back(done.folder)
    assert found.rows == []
    assert [name.partition(".")[0] for name, _ in found.refused] == names
    assert all(korean(reason) for _, reason in found.refused)


def test_a_category_with_two_names_is_none_of_them(desk):
    done = desk.out()
    document = coco_of(done)
    document["categories"].append({"id": 3, "name": "fallen"})
    put(done, document)
    with pytest.raises(HobanError, match="category 3 is named") as told:
        desk.back(done.folder)
    assert str(done.folder / "annotations.json") in str(told.value)


@pytest.mark.parametrize("turned", [90, 0, 180])
def test_a_rectangle_that_cvat_turned_is_not_taken_as_an_upright_one(desk, turned):
    done = desk.out("cvat")
    tree = ElementTree.parse(done.folder / "annotations.xml")
    next(tree.iter("box")).set("rotation", f"{turned}.0")
    tree.write(done.folder / "annotations.xml")
    found = desk.back(done.folder)
    assert [reason for _, reason in found.refused] == [
        "it holds a turned rectangle: labels are upright"
    ] * (turned == 90)
    document = coco_of(done := desk.out())
    document["annotations"][0]["attributes"] = {"occluded": False, "rotation": float(turned)}
    put(done, document)
    assert len(desk.back(done.folder).refused) == (turned == 90)


def without_boxes(form, folder):
    if form == "yolo":
        for label in folder.rglob("labels/*/*.txt"):
            label.write_text("")
    elif form == "coco":
        file = folder / "annotations.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), "annotations": []}))
    elif form == "label-studio":
        tasks = json.loads((folder / "tasks.json").read_text())
        emptied = [{**task, "annotations": [{"result": []}]} for task in tasks]
        (folder / "tasks.json").write_text(json.dumps(emptied))
    else:
        file = folder / "annotations.xml"
        file.write_text(re.sub("<box.*?</box>", "", file.read_text(), flags=re.S))


@pytest.mark.parametrize("form", ["cvat", "coco", "yolo", "label-studio"])
def test_a_file_without_any_box_is_asked_about(desk, form):
    done = desk.out(form)
    without_boxes(form, done.folder)
    with pytest.raises(HobanError, match="none of the 3 pictures") as told:
        desk.back(done.folder)
    assert korean(told.value.problem)
    assert korean(told.value.way_out)
    assert read_log(desk.log) == ()
    rows = desk.back(done.folder, emptied=True).rows
    assert [row.kind for row in rows] == ["boxes"] * 3
    behind = 1 if form == "yolo" else 0  # its ignore region was not shown, and stays
    assert {len(row.after) for row in rows} == {behind}


def test_of_several_annotations_the_newest_counts_whatever_the_time_zone(desk):
    done = desk.out("label-studio")
    tasks = json.loads((done.folder / "tasks.json").read_text())
    old, new = ("2026-01-02T08:00:00Z", "2026-01-02T07:30:00-09:00")
    kept = tasks[0]["annotations"][0]
    tasks[0]["annotations"] = [{**kept, "updated_at": new}, {"result": [], "updated_at": old}]
    same = tasks[1]["annotations"][0]
    tasks[1]["annotations"] = [same, {**same, "updated_at": "9999-99-99"}]
    tasks[2]["annotations"].append({"result": [], "updated_at": None})
    (done.folder / "tasks.json").write_text(json.dumps(tasks))
    found = desk.back(done.folder)
    assert (found.rows, found.unchanged) == ([], 2)
    ((name, reason),) = found.refused
    assert name.startswith("c.")
    assert "more than once" in reason
    assert korean(reason)


def test_a_task_without_a_name_or_labels_is_told_and_the_others_are_taken(desk):
    done = desk.out("label-studio")
    tasks = json.loads((done.folder / "tasks.json").read_text())
    del tasks[0]["data"]
    tasks[1]["annotations"][0]["result"] = None
    (done.folder / "tasks.json").write_text(json.dumps(tasks))
    found = desk.back(done.folder)
    assert found.unchanged == 1
    assert [name.partition(".")[0] for name, _ in found.refused] == ["#1", "b"]
    assert all(korean(reason) for _, reason in found.refused)


def test_a_yolo_tree_as_roboflow_lays_it_out_and_notepad_writes_it(desk):
    done = desk.out("yolo")
    folder = done.folder / "train"
    folder.mkdir()
    (done.folder / "labels/train").rename(folder / "labels")
    (done.folder / "images/train").rename(folder / "images")
    marks = ("utf-8-sig", "utf-16", "utf-8")
    for label, encoding in zip(sorted((folder / "labels").iterdir()), marks, strict=True):
        label.write_bytes(label.read_text().replace("\n", "\r\n").encode(encoding))
    found = desk.back(done.folder)
    assert (found.rows, found.refused, found.unchanged) == ([], [], 3)


def test_a_name_is_known_with_other_signs_for_its_dots():
    tag, content = "98d6e4ea25cf", "b6fb84bfac8800bcb9d97aa77ab390cf"
    assert told_by_name(f"a-{tag}-{content}_jpg.rf.0123456789abcdef.jpg") == (tag, content)
    assert told_by_name(f"a.{tag}.{content}.jpg") == (tag, content)


def test_a_folder_without_labels_names_what_is_looked_for(tmp_path):
    from hoban_assets.exchange.reading import read_returned

    with pytest.raises(HobanError, match=r"data\.yaml, annotations\.xml"):
        read_returned(tmp_path)


def test_an_export_that_was_noted_without_a_time_zone_can_be_collected(desk):
    one, two = desk.out(), desk.out()
    for file in (desk.log.parent / "exports").glob("*.json"):
        file.write_text(file.read_text().replace("+00:00", ""))
    for done, width in ((one, 10), (two, 20)):
        widen(done, width)
    kim = desk.back(one.folder).rows[0]
    found = desk.back(two.folder, author="lee")
    assert [other for _, other in found.overruled] == [kim]
    assert found.boxes == {"box_moved": 1}


@pytest.mark.parametrize("form", ["cvat", "coco", "yolo", "label-studio"])
@pytest.mark.parametrize("later", ["cvat", "yolo"])
@pytest.mark.parametrize("is_renamed", [False, True])
def test_a_file_is_held_against_its_own_export_and_not_against_a_later_one(
    desk, form, later, is_renamed
):
    first = desk.out(form)
    second = desk.out(later)
    if is_renamed and form == "yolo":
        for number, file in enumerate(sorted((first.folder / "images/train").iterdir())):
            label = first.folder / "labels/train" / f"{file.stem}.txt"
            label.rename(label.with_name(f"{number}.txt"))
            file.rename(file.with_name(f"{number}.jpg"))
    found = desk.back(first.folder)
    assert (found.rows, found.refused, found.unchanged) == ([], [], 3)
    assert desk.back(second.folder).unchanged == 3


def test_what_the_export_showed_must_be_known(desk):
    first = desk.out()
    shown = next((desk.log.parent / "exports").glob("*.json"))
    desk.out()
    shown.unlink()
    found = desk.back(first.folder)
    assert len(found.refused) == 3
    assert all(korean(reason) for _, reason in found.refused)
