"""Label Studio: ``tasks.json`` and ``label_config.xml``.

An ignore region is a class of its own there, ``person (ignore)``, as Label Studio's editor shows
names and no flags; 'rejected' is a choice beside the picture. Numbers are percent of the picture.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from hoban_assets.classes import CLASSES
from hoban_assets.corrections.rows import Box
from hoban_assets.corrections.taking import Refused
from hoban_assets.exchange.pictures import Picture, Returned, each_returned, refuse_turned
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
    return each_returned(tasks, _task_returned, lambda task: _name(task["data"]))


def _task_returned(task: Mapping[str, Any]) -> Returned | None:
    done = [a for a in task["annotations"] if not a.get("was_cancelled")]
    return _returned(task["data"], _newest(done)["result"]) if done else None


def _newest(done: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the annotation that was changed last.

    Raises:
        Refused: there are several, and their times do not say which.
    """
    if all(a["result"] == done[0]["result"] for a in done):
        return done[0]
    try:
        return max(done, key=_changed_at)
    except (KeyError, TypeError, ValueError) as error:
        raise Refused(
            "it was annotated more than once, and no time says which is the newest: leave one"
        ) from error


def _changed_at(annotation: Mapping[str, Any]) -> datetime:
    time = datetime.fromisoformat(annotation.get("updated_at") or annotation["created_at"])
    return time if time.tzinfo else time.replace(tzinfo=UTC)


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
        else:
            refuse_turned(region["value"].get("rotation"))
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
