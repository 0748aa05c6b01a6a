"""AI Hub exports (set 163): one JSON an image, in folders images/ and labels/ side by side.

The three layouts seen ({training,validation}/CLASS, CLASS, and nested once more under the same
name) differ only in where such pairs of folders lie, so every pair below the source is read. So are
AI Hub's own folders, as downloaded and unpacked (`aihub_layout`).
A JSON elsewhere is a summary, and images without labels/ beside them are not listed.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hoban_assets.collector import paused_collector
from hoban_assets.formats.aihub_layout import original_pairs
from hoban_assets.formats.clips import is_specific, text_before_number
from hoban_assets.formats.collect import Collector
from hoban_assets.formats.folders import parse_json, path_below, stem
from hoban_assets.formats.naming import nfc
from hoban_assets.formats.numbers import bounds, number
from hoban_assets.formats.one_label_an_image import OneLabelAnImage, last_name
from hoban_assets.formats.pairs import image_folders, pair
from hoban_assets.formats.source import RawSource

_NUMBERS = re.compile(r"\d+(?:\.\d+)?")
_PAIR = re.compile(r"\D*\d+(?:\.\d+)?[^\d.]+\d+(?:\.\d+)?\D*")


def normal_code(value: object) -> str | None:
    """Class code as two digits ("7", 7 and 7.0 are "07"); None where there is none."""
    if isinstance(value, bool) or value is None or not isinstance(value, int | float | str):
        return None
    text = f"{value:g}" if isinstance(value, float) else str(value).strip()
    return text.zfill(2) if text.isdecimal() else text or None


class AiHubReader(OneLabelAnImage):
    """Reads AI Hub exports. Classes of the source are two-digit codes; "7" and 7 are "07"."""

    reads = "images/ beside labels/ (or 원천데이터 beside 라벨링데이터) with one JSON an image"
    expected = "labels/<stem>.json"
    _parse, _class_said = staticmethod(parse_json), staticmethod(normal_code)

    @paused_collector()
    def __init__(self, source: RawSource, raw_root: Path) -> None:
        """List the images.

        Raises:
            HobanError: the source is missing, empty, or not readable.
        """
        super().__init__(source, raw_root)
        folders = image_folders(self.tree, need_labels=True)
        pairs, orphans = pair(self.tree, folders, "json")
        own, own_orphans = original_pairs(self.tree)
        pairs = dict(sorted({**own, **pairs}.items()))
        left = sorted({*orphans, *own_orphans} - set(filter(None, pairs.values())))
        wanted = (
            "pairs of folders images/ and labels/, or 원천데이터 and 라벨링데이터, with one JSON "
            "an image"
        )
        self._take(pairs, left, wanted)

    @staticmethod
    def _named_in(document: Any) -> str | None:
        facts = document.get("image") if isinstance(document, dict) else None
        named = facts.get("filename") if isinstance(facts, dict) else None
        return last_name(named) if isinstance(named, str) else None

    def _read_document(self, found: Collector, path: str, label: str, document: object) -> None:
        annotations = document.get("annotations") if isinstance(document, dict) else None
        if not isinstance(document, dict) or not isinstance(annotations, list):
            found.drop_image(path, "label_unparseable", label, "no list of annotations")
            return
        found.boxes_in += len(annotations)
        facts = document.get("image")
        facts = facts if isinstance(facts, dict) else {}
        name = nfc(path.rpartition("/")[2])
        named = facts.get("filename")
        named = nfc(named) if isinstance(named, str) else named
        if named != name or path in self._shared:
            last = last_name(named) if isinstance(named, str) else ""
            if isinstance(named, str) and named.strip() and path_below(named) is None:
                found.drop_image(path, "path_outside", label, named, boxes=len(annotations))
                return
            if (reason := self._other_image(path, name, last)) is not None:
                found.drop_image(path, "identity_unclear", label, reason, boxes=len(annotations))
                return
            if not isinstance(named, str) or stem(last) != stem(name):
                found.decide(path, "filename_differs", "review", label, value=named)
        size = stated_size(facts)
        if size is None:
            seen = facts.get("resolution")
            size = found.size_from_header(path, label, len(annotations), seen=seen)
            if size is None:
                return
        position = found.keep(path, label, size, self._group(name, facts))
        if not annotations:
            found.decide(path, "no_annotations", "review", label)
        self._read_rows(found, path, label, annotations, position)

    def _read_rows(
        self, found: Collector, path: str, label: str, annotations: list[Any], position: int
    ) -> None:
        classes, rows = self._classes, found.rows
        other: dict[str, int] = {}
        for row, annotation in enumerate(annotations):
            code = annotation.get("class") if type(annotation) is dict else None
            class_id = classes.get(code) if type(code) is str else None
            if class_id is None:
                code = normal_code(code)
                class_id = classes.get(code)
            if code is None:
                found.decide(path, "box_malformed", "drop", label, row, annotation, boxes_removed=1)
            elif class_id is None:
                other[code] = other.get(code, 0) + 1
            else:
                box = annotation.get("box")
                at = rows.add(position, row, class_id, box)
                if box is None:
                    _use_outline(found, at, annotation)
                elif "polygon" in annotation and (around := bounds(annotation["polygon"])):
                    self._outlines[at] = around
        if other:
            found.not_used(path, label, other)

    def _group(self, name: str, facts: dict[str, Any]) -> str | None:
        if self.source.clip_pattern:
            return None
        clip = text_before_number(stem(name))
        if clip is None or not is_specific(clip):
            named = facts.get("path")
            clip = named if isinstance(named, str) and named.upper() != "NULL" else ""
        return f"{self.source.name}:{clip}" if clip else None


def _use_outline(found: Collector, at: int, annotation: dict[str, Any]) -> None:
    """Put the bounding box of a row's polygon in the place of the box that it does not have."""
    outline = annotation.get("polygon")
    box = bounds(outline)
    seen = {k: annotation[k] for k in ("box", "polygon", "point", "keypoints") if k in annotation}
    found.rows.seen[at] = seen
    if box is not None:
        found.rows.box[at] = box
        found.rows.reshaped[at] = "polygon_to_box"


def stated_size(facts: dict[str, Any]) -> tuple[int, int] | None:
    """Width and height that a label states of its image, in any form that was seen.

    ``[1920, 1080]``, ``"1920x1080"``, ``"1920, 1080"``, ``"1920*1080"``, ``{"width": ...,
    "height": ...}``, each also of numbers as text, or `width` and `height` in place of it.

    Returns:
        None where there is none, or one of them is below 1 pixel.
    """
    value = facts.get("resolution")
    if isinstance(value, str):
        numbers = _NUMBERS.findall(value)
        value = numbers if _PAIR.fullmatch(value) else None
    elif isinstance(value, dict) or value is None:
        sides = {str(key).lower(): side for key, side in (value or facts).items()}
        value = [sides.get("width", sides.get("w")), sides.get("height", sides.get("h"))]
    if not isinstance(value, list) or len(value) != 2:
        return None
    width, height = value
    if type(width) is not int or type(height) is not int:
        width, height = number(width), number(height)
    # False for NaN too.
    return (int(width), int(height)) if 1 <= width < 2**31 and 1 <= height < 2**31 else None
