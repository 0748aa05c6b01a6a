"""COCO: one ``annotations.json``; what COCO has no field for stands in fields of our own."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hoban_assets.classes import CLASS_IDS, CLASS_NAMES
from hoban_assets.corrections.taking import Refused
from hoban_assets.exchange.pictures import (
    Picture,
    Returned,
    each_returned,
    from_pixels,
    in_pixels,
    refuse_turned,
)
from hoban_assets.files import save

FILE = "annotations.json"
LEFT_BEHIND: tuple[str, ...] = ()
"""All of it travels: ignore regions as ``iscrowd``."""


def write(folder: Path, pictures: Sequence[Picture]) -> None:
    """Write the file into `folder`."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, picture in enumerate(pictures, start=1):
        images.append(
            {
                "id": number,
                "file_name": picture.name,
                "width": picture.width,
                "height": picture.height,
                "image_id": picture.image_id,
                "content_hash": picture.content_hash,
                "labelled_classes": picture.complete,
                "rejected": False,
            }
        )
        for box in picture.boxes:
            place = in_pixels(box, picture.width, picture.height)
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": CLASS_IDS[box.class_name] + 1,
                    "bbox": place,
                    "area": place[2] * place[3],
                    "iscrowd": int(box.ignore),
                    "segmentation": [],
                }
            )
    categories = [{"id": i + 1, "name": name} for i, name in enumerate(CLASS_NAMES)]
    document = {"images": images, "annotations": annotations, "categories": categories}
    save(folder / FILE, json.dumps(document, ensure_ascii=False))


def read(document: Mapping[str, Any]) -> list[Returned]:
    """Read a COCO document.

    Raises:
        KeyError, TypeError, ValueError: it is none, or an id of a category has two names.
    """
    names = _names(document["categories"])
    of: dict[str, list[Mapping[str, Any]]] = {}
    for line in document["annotations"]:
        of.setdefault(_key(line["image_id"]), []).append(line)
    listed = Counter(_key(image["id"]) for image in document["images"])
    strays = of.keys() - listed

    def read_one(image: Mapping[str, Any]) -> Returned:
        number = _key(image["id"])
        if listed[number] > 1:
            raise Refused(f"{listed[number]} pictures of the file have the id {number}")
        if strays and number not in of:
            raise Refused("it has no box, but the file has boxes of pictures that it does not list")
        return _returned(image, of.get(number, []), names)

    found = each_returned(document["images"], read_one, _name)
    return [*found, *(_not_listed(number, len(of[number])) for number in sorted(strays))]


def _key(number: Any) -> str:
    """An id, whether a tool wrote 7, 7.0 or "7"."""
    is_whole = isinstance(number, float) and number.is_integer()
    return str(int(number) if is_whole else number)


def _names(categories: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    names: dict[str, str] = {}
    for line in categories:
        number, name = _key(line["id"]), str(line["name"])
        if names.setdefault(number, name) != name:
            raise ValueError(f"category {number} is named {names[number]!r} and {name!r}")
    return names


def _not_listed(number: str, boxes: int) -> Returned:
    told = Refused(f"{boxes} boxes of a picture that the file does not list")
    return Returned(f"image id {number}", problem=str(told))


def _name(image: Mapping[str, Any]) -> str:
    return str(image["file_name"]).replace("\\", "/").rpartition("/")[2]


def _returned(
    image: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], names: Mapping[str, str]
) -> Returned:
    width, height = float(image["width"]), float(image["height"])
    for line in lines:
        refuse_turned((line.get("attributes") or {}).get("rotation"))
    complete = image.get("labelled_classes")
    return Returned(
        name=_name(image),
        boxes=tuple(
            from_pixels(
                names.get(_key(line["category_id"]), str(line["category_id"])),
                [float(number) for number in line["bbox"]],
                width,
                height,
                ignore=bool(line.get("iscrowd")),
            )
            for line in lines
        ),
        size=(int(width), int(height)),
        content_hash=str(image.get("content_hash", "")),
        rejected=bool(image.get("rejected")),
        complete=None if complete is None else tuple(complete),
    )
