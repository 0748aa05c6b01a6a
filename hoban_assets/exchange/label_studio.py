"""Label Studio: ``tasks.json`` and ``label_config.xml``.

An ignore region is a class of its own there, ``person (ignore)``, as Label Studio's editor shows
names and no flags; 'rejected' is a choice beside the picture. Numbers are percent of the picture.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from hoban_assets.classes import CLASSES
from hoban_assets.corrections.rows import Box
from hoban_assets.corrections.taking import Refused
from hoban_assets.exchange.pictures import Picture, Returned, each_returned
from hoban_assets.files import save

FILE = "tasks.json"
CONFIG = "label_config.xml"
LEFT_BEHIND: tuple[str, ...] = ()
SUFFIX = " (ignore)"
REJECT = "reject"
LOCAL = "/data/local-files/?d="
"""Label Studio shows files below LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT under this address."""


def write(folder: Path, pictures: Sequence[Picture]) -> None:
    """Write tasks, each with its boxes as an annotation, and the configuration of the project."""
    tasks = [_task(picture, folder.name) for picture in pictures]
    save(folder / FILE, json.dumps(tasks, ensure_ascii=False))
    save(folder / CONFIG, config())


def config() -> str:
    """The labelling interface that reads and writes such tasks."""
    labels = [
        f"    <Label value={quoteattr(c.name + suffix)} background={quoteattr(c.colour)}/>"
        for c in CLASSES
        for suffix in ("", SUFFIX)
    ]
    lines = [
        "<View>",
        '  <Image name="image" value="$image"/>',
        '  <RectangleLabels name="boxes" toName="image">',
        *labels,
        "  </RectangleLabels>",
        '  <Choices name="verdict" toName="image">',
        f'    <Choice value="{REJECT}"/>',
        "  </Choices>",
        "</View>",
    ]
    return "\n".join(lines)


def _task(picture: Picture, folder: str) -> dict[str, Any]:
    return {
        "data": {
            "image": f"{LOCAL}{folder}/images/{picture.name}",
            "image_id": picture.image_id,
            "content_hash": picture.content_hash,
            "labelled_classes": picture.complete,
        },
        "annotations": [{"result": [_region(i, b, picture) for i, b in enumerate(picture.boxes)]}],
    }


def _region(number: int, box: Box, picture: Picture) -> dict[str, Any]:
    left, top, _, _ = box.corners
    return {
        "id": f"box{number}",
        "type": "rectanglelabels",
        "from_name": "boxes",
        "to_name": "image",
        "original_width": picture.width,
        "original_height": picture.height,
        "value": {
            "x": 100 * left,
            "y": 100 * top,
            "width": 100 * box.w,
            "height": 100 * box.h,
            "rotation": 0,
            "rectanglelabels": [box.class_name + (SUFFIX if box.ignore else "")],
        },
    }


def read(tasks: Sequence[Mapping[str, Any]]) -> list[Returned]:
    """Read an export (JSON); of several annotations of a task the newest counts.

    A task that nobody annotated, or that was skipped, is not in the answer.

    Raises:
        KeyError, TypeError, ValueError: it is no such document.
    """
    done = [(task["data"], newest) for task in tasks if (newest := _newest(task)) is not None]
    return each_returned(done, lambda pair: _returned(*pair), lambda pair: _name(pair[0]))


def _newest(task: Mapping[str, Any]) -> Sequence[Mapping[str, Any]] | None:
    """Regions of the newest annotation; None where there is none that counts."""
    done = [a for a in task["annotations"] if not a.get("was_cancelled")]
    if not done:
        return None
    result: Sequence[Mapping[str, Any]] = max(done, key=lambda a: str(a.get("updated_at", "")))[
        "result"
    ]
    return result


def _name(data: Mapping[str, Any]) -> str:
    address = str(data["image"])
    return address.partition("?d=")[2].rpartition("/")[2] or address.rpartition("/")[2]


def _returned(data: Mapping[str, Any], regions: Sequence[Mapping[str, Any]]) -> Returned:
    boxes: list[Box] = []
    rejected, size = False, None
    for region in regions:
        if region["type"] == "choices":
            rejected |= REJECT in region["value"]["choices"]
        elif region["type"] != "rectanglelabels":
            raise Refused(f"it holds a region of type {region['type']}: draw a rectangle instead")
        elif region["value"].get("rotation"):
            raise Refused("it holds a turned rectangle: labels are upright")
        else:
            size = (int(region["original_width"]), int(region["original_height"]))
            boxes.append(_box(region["value"]))
    complete = data.get("labelled_classes")
    return Returned(
        name=_name(data),
        boxes=tuple(boxes),
        size=size,
        content_hash=str(data.get("content_hash", "")),
        rejected=rejected,
        complete=None if complete is None else tuple(complete),
    )


def _box(value: Mapping[str, Any]) -> Box:
    name = str(value["rectanglelabels"][0])
    x, y, w, h = (float(value[key]) / 100 for key in ("x", "y", "width", "height"))
    ignore = name.endswith(SUFFIX)
    return Box(name.removesuffix(SUFFIX), x + w / 2, y + h / 2, w, h, ignore)
