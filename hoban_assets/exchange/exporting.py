"""Writes pictures of an asset for another tool, and remembers what was shown."""

from __future__ import annotations

import json
import shutil
import tempfile
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from hoban_assets.catalog.asked import Ask
from hoban_assets.corrections.pictures import BOX_LIST, boxes_from
from hoban_assets.corrections.proposed import Proposed
from hoban_assets.corrections.rows import Boxes
from hoban_assets.corrections.standing import Standing
from hoban_assets.errors import HobanError, of_the_machine
from hoban_assets.exchange import coco, cvat, label_studio, yolo
from hoban_assets.exchange.pictures import MANIFEST, Picture
from hoban_assets.file_systems import link
from hoban_assets.files import save

FORMATS: dict[str, ModuleType] = {
    "coco": coco,
    "yolo": yolo,
    "cvat": cvat,
    "label-studio": label_studio,
}
SHOWN = "exports"
"""Folder beside the log of corrections: what each export showed."""
BEHIND = {
    "ignore": "ignore regions",
    "complete": "which classes are labelled completely",
    "reject": "a way to reject a picture",
}


@dataclass(frozen=True)
class Wanted:
    """Which pictures of an asset."""

    asset: str
    partition: str
    class_name: str | None = None
    source: str | None = None
    rule: str | None = None
    ids: tuple[str, ...] | None = None
    """Only these; None: all."""
    count: int | None = None


@dataclass(frozen=True)
class Exported:
    """What was written."""

    folder: Path
    pictures: int
    boxes: int
    linked: int
    left_behind: tuple[str, ...]
    """Names of `BEHIND` that the format cannot carry, where there was something to carry."""
    ignore_regions: int


def pictures_of(ask: Ask, wanted: Wanted) -> list[Picture]:
    """Pictures of the current build, by id."""
    ids = None if wanted.ids is None else list(wanted.ids)
    rows = ask(
        _PICTURES,
        {
            "asset": wanted.asset,
            "partition": wanted.partition,
            "class": wanted.class_name,
            "source": wanted.source,
            "rule": wanted.rule,
            "ids": ids,
            "count": wanted.count,
        },
    )
    return [
        Picture(
            row["image_id"],
            row["file"],
            row["content_hash"],
            row["width"],
            row["height"],
            boxes_from(row["boxes"]),
            tuple(row["labelled_classes"] or ()),
        )
        for row in rows
    ]


def with_proposed(
    pictures: Sequence[Picture], proposed: Mapping[str, Proposed], log: Standing
) -> list[Picture]:
    """Add to each picture the boxes that a model proposes and nobody has decided on."""
    result = []
    for picture in pictures:
        mine = proposed.get(picture.image_id.partition("/")[0])
        row = log.of(picture.content_hash, picture.image_id) if mine else None
        open_ = mine.pending(picture.image_id, picture.content_hash, row) if mine else []
        result.append(replace(picture, boxes=(*picture.boxes, *(p.box for p in open_))))
    return result


def export(
    pictures: Sequence[Picture],
    form: str,
    target: Path,
    raw_root: Path,
    shown_in: Path,
    about: dict[str, Any],
    *,
    copy: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Exported:
    """Write a folder that the tool reads, whole or not at all.

    Args:
        pictures: what is shown.
        form: name of `FORMATS`.
        target: folder to make; it must not be there yet.
        raw_root: where the files lie.
        shown_in: folder that remembers what was shown (`SHOWN` beside the log).
        about: asset and partition, for the manifest.
        copy: copy the files, where a tool writes into the pictures that it is given.
        progress: called with (done, of).

    Raises:
        HobanError: there is no picture, the folder is there, a raw file is gone, the disk is full.
    """
    module = FORMATS[form]
    if not pictures:
        raise HobanError("no picture is as you ask", "leave out a filter, or see: hoban review")
    if target.exists():
        raise HobanError(
            f"{target} is there already, and somebody may have worked in it",
            "name another folder with --to, or collect it and move it away",
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{target.name}.building.", dir=target.parent))
    inside = building / target.name
    number = uuid.uuid4().hex[:8]
    pictures = [replace(picture, export=number) for picture in pictures]
    try:
        images = inside / (yolo.IMAGES if module is yolo else "images")
        images.mkdir(parents=True)
        linked = _place(pictures, raw_root, images, copy, progress)
        module.write(inside, pictures)
        manifest = _manifest(pictures, form, {**about, "id": number})
        save(inside / MANIFEST, manifest)
        save(shown_in / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}.json", manifest)
        inside.rename(target)
    except OSError as error:
        raise of_the_machine(error) or HobanError(
            f"the export cannot be written: {error.filename or target}: {error.strerror}",
            "make room, or name another folder with --to; nothing was left half done",
        ) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    regions = sum(box.ignore for p in pictures for box in p.boxes)
    carried = Counter(module.LEFT_BEHIND)
    behind = tuple(n for n in BEHIND if carried[n] and (n != "ignore" or regions))
    boxes = sum(len(p.boxes) for p in pictures) - (regions if carried["ignore"] else 0)
    return Exported(target, len(pictures), boxes, linked, behind, regions)


def _place(
    pictures: Sequence[Picture],
    raw_root: Path,
    folder: Path,
    copy: bool,
    progress: Callable[[int, int], None] | None,
) -> int:
    """Link or copy every file; return how many were linked."""
    linked = 0
    for number, picture in enumerate(pictures, start=1):
        source, target = str(raw_root / picture.file), str(folder / picture.name)
        if copy or link(source, target):
            shutil.copyfile(source, target)
        else:
            linked += 1
        if progress:
            progress(number, len(pictures))
    return linked


def _manifest(pictures: Sequence[Picture], form: str, about: dict[str, Any]) -> str:
    behind = FORMATS[form].LEFT_BEHIND

    def shown(boxes: Boxes) -> Boxes:
        return tuple(b for b in boxes if not b.ignore) if "ignore" in behind else boxes

    lines = [
        {
            "name": p.name,
            "image_id": p.image_id,
            "content_hash": p.content_hash,
            "size": [p.width, p.height],
            "boxes": shown(p.boxes),
            "complete": None if "complete" in behind else p.complete,
        }
        for p in pictures
    ]
    head = {**about, "format": form, "time": datetime.now(UTC).isoformat()}
    return json.dumps({**head, "pictures": lines}, ensure_ascii=False)


_PICTURES = f"""
WITH mine AS (
    SELECT materialization_id FROM store.current WHERE asset = $asset AND "partition" = $partition
),
drawn AS (
    SELECT image_id, {BOX_LIST} AS boxes, list(DISTINCT class_name) AS classes
    FROM store.boxes JOIN mine USING (materialization_id)
    GROUP BY image_id
)
SELECT i.image_id, i.file, i.content_hash, i.width, i.height, i.labelled_classes, d.boxes
FROM store.images AS i JOIN mine USING (materialization_id) LEFT JOIN drawn AS d USING (image_id)
WHERE ($class::VARCHAR IS NULL OR list_contains(d.classes, $class)
       OR ($class = 'background' AND d.boxes IS NULL))
  AND ($source::VARCHAR IS NULL OR i.source = $source)
  AND ($rule::VARCHAR IS NULL OR i.image_id IN (
      SELECT k.image_id FROM store.decisions AS k JOIN store.current USING (materialization_id)
      WHERE k.rule = $rule))
  AND ($ids::VARCHAR[] IS NULL OR i.image_id IN (SELECT unnest($ids::VARCHAR[])))
ORDER BY i.image_id
LIMIT coalesce($count::BIGINT, 9223372036854775807)
"""  # noqa: S608 - a text of this module
