"""Small raw trees for the tests of the readers."""

import json
from pathlib import Path
from typing import Any

from PIL import Image

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.formats import RawSource, Read, open_source

HELMETS = {"07": "person_with_helmet", "08": "person_without_helmet"}
PEDESTRIANS = {"1": "person", "2": "person", "3": "person"}


def image(path: Path, size: tuple[int, int] = (100, 50), orientation: int | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    if orientation:
        exif[274] = orientation
    Image.new("RGB", size).save(path, exif=exif)


def text(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def head(box: object, code: object = "07", **more: object) -> dict[str, object]:
    return {"class": code, "box": box, **more}


def aihub_json(name: str, annotations: list[object], **facts: object) -> str:
    image_facts = {"filename": name, "resolution": [100, 50], "path": "NULL", **facts}
    return json.dumps({"image": image_facts, "annotations": annotations})


def aihub_item(
    folder: Path, name: str, annotations: list[object], *, label: str | bytes = "", **facts: object
) -> None:
    """An image, and its JSON (or `label` in its place), in folder/images and folder/labels."""
    image(folder / "images" / name)
    stem = name.rpartition(".")[0]
    text(folder / "labels" / f"{stem}.json", label or aihub_json(name, annotations, **facts))


def aihub(folder: str = "h", **more: object) -> RawSource:
    return RawSource("heads", folder, "aihub", HELMETS, **more)


def yolo_item(folder: Path, stem: str, label: str | bytes | None, suffix: str = ".jpg") -> None:
    image(folder / "images" / f"{stem}{suffix}")
    if label is not None:
        text(folder / "labels" / f"{stem}.txt", label)


def yolo(**more: object) -> RawSource:
    return RawSource("falls", "fall set", "yolo", {"fall": "fallen"}, **more)


def voc_object(name: str, corners: object, more: str = "") -> str:
    """One <object>; `corners` is xmin, ymin, xmax, ymax, or None for none."""
    box = "" if corners is None else voc_corners(corners)
    return f"<object><name>{name}</name>{more}{box}</object>"


def voc_corners(corners: Any) -> str:
    sides = zip(("xmin", "ymin", "xmax", "ymax"), corners, strict=False)
    return f"<bndbox>{''.join(f'<{tag}>{v}</{tag}>' for tag, v in sides)}</bndbox>"


def voc_xml(name: str, *objects: str, size: tuple[object, object] | None = (100, 50)) -> str:
    stated = ""
    if size is not None:
        stated = f"<size><width>{size[0]}</width><height>{size[1]}</height></size>"
    inside = f"<filename>{name}</filename>{stated}{''.join(objects)}"
    return f"<annotation>{inside}</annotation>"


def voc(folder: str = "v", **more: object) -> RawSource:
    return RawSource("site", folder, "voc", {"worker": "person"}, **more)


def coco_json(images: list[object], annotations: list[object], **more: object) -> str:
    categories = [
        {"id": 0, "name": "objects"},
        {"id": 5, "name": "person"},
        {"id": 6, "name": "cat"},
    ]
    document = {"images": images, "annotations": annotations, "categories": categories}
    return json.dumps({**document, **more})


def entry(key: object, name: str, **more: object) -> dict[str, object]:
    return {"id": key, "file_name": name, "width": 100, "height": 50, **more}


def annotation(
    key: object, bbox: object, category: object = 5, **more: object
) -> dict[str, object]:
    return {"image_id": key, "category_id": category, "bbox": bbox, **more}


COCO = RawSource("coco_person", "coco", "coco", {"person": "person"})
WIDER = RawSource("wider", "wp", "widerperson", PEDESTRIANS)
BACKGROUND = RawSource("empty", "bg", "background", labelled_classes=CLASS_NAMES)


def read(source: RawSource, raw_root: Path) -> Read:
    """Read all of a source and check what must hold for every reading."""
    result = open_source(source, raw_root).read()
    assert_conserved(result)
    return result


def assert_conserved(result: Read) -> None:
    samples, gone = result.samples, result.samples.decisions
    assert result.images_in == len(samples.images) + gone.images_removed.sum()
    assert result.boxes_in == len(samples.boxes) + gone.boxes_removed.sum()
    assert samples.images.image_id.is_unique
    assert set(samples.boxes.image_id) <= set(samples.images.image_id)
    assert (gone.stage == "read").all()
    assert set(samples.boxes.image_id[samples.boxes.origin == "repaired"]) <= set(gone.image_id)
    for side, size in (("x_center", "width"), ("y_center", "height")):
        assert (samples.boxes[side] - samples.boxes[size] / 2 >= -1e-9).all()
        assert (samples.boxes[side] + samples.boxes[size] / 2 <= 1 + 1e-9).all()


def rules(result: Read) -> list[tuple[str, str]]:
    """Rule and action of each decision, apart from those about files that are not read."""
    decisions = result.samples.decisions
    pairs = zip(decisions.rule, decisions.action, strict=True)
    return sorted(pair for pair in pairs if pair[0] != "not_read")


def not_read(result: Read) -> set[str]:
    """Files and folders that the reader passed over, below the raw root."""
    decisions = result.samples.decisions
    return set(decisions.file[decisions.rule == "not_read"])


def only_box(result: Read) -> list[float]:
    """Centre and size of the one box that was read, rounded."""
    boxes = result.samples.boxes
    assert len(boxes) == 1
    columns = ["x_center", "y_center", "width", "height"]
    return [round(float(boxes[column].iloc[0]), 9) for column in columns]
