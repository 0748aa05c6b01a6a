"""What kind of label a file holds, from its first bytes: to name it, never to train from it."""

from __future__ import annotations

import re

from hoban_assets.formats.decoding import decode, read_head
from hoban_assets.suffixes import suffix_of

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_YOLO_ROW = re.compile(rf"\s*\d+(?:\.0*)?(?:[ \t]+{_NUMBER}){{4,}}\s*")
_KITTI_ROW = re.compile(rf"\s*[^\W\d][\w-]*(?:[ \t]+{_NUMBER}){{8,}}\s*")
_DOTA_ROW = re.compile(rf"\s*(?:{_NUMBER}[ \t,]+){{8}}\S.*")
_JSON_KINDS = (
    ("createml", ('"coordinates"', '"annotations"')),
    ("odgt", ('"gtboxes"',)),
    ("labelme", ('"shapes"', '"points"')),
    ("via", ('"shape_attributes"',)),
    ("coco", ('"bbox"', '"image_id"')),
    ("coco", ('"images"', '"file_name"')),
    ("labelstudio", ('"rectanglelabels"',)),
    ("supervisely", ('"classTitle"',)),
    ("aihub", ('"annotations"', '"box"')),
    ("aihub", ('"annotations"', '"image"')),
    ("json", ('"bbox"',)),
    ("json", ('"boxes"',)),
    ("json", ('"bndbox"',)),
    ("json", ('"annotations"',)),
    ("json", ('"polygon"',)),
)
"""Kind, and the words that a JSON of it holds near its start; the first that fits."""
_CSV_WORDS = frozenset("xmin xmax ymin ymax x1 x2 y1 y2 bbox bbox_x class label".split())  # noqa: SIM905
_LEAST_CSV_WORDS = 3


def sniff(path: str) -> str | None:
    """Kind of label that the file at `path` seems to hold, or None.

    At most 64 KiB are read, of regular files only; nothing is raised.
    """
    return kind_of(read_head(path), suffix_of(path.rpartition("/")[2]))


def kind_of(head: bytes, suffix: str) -> str | None:
    """As `sniff`, for the first bytes of a file with that suffix (lower case)."""
    found = decode(head) or decode(head[: len(head) // 2 * 2 - 2]) or decode(head[:-1])
    text = found.text if found else head.decode("utf-8", "ignore")  # cut within a letter
    if not text.strip():
        return None
    if suffix == "xml":
        return _xml_kind(text)
    if suffix in {"json", "jsonl", "ndjson", "odgt"} or text.lstrip()[0] in "[{":
        squeezed = re.sub(r"\s+", "", text)
        return next(
            (kind for kind, words in _JSON_KINDS if all(w in squeezed for w in words)), None
        )
    if suffix == "csv":
        words = re.split(r"[^a-z0-9_]+", text.splitlines()[0].lower())
        return "csv" if len(_CSV_WORDS.intersection(words)) >= _LEAST_CSV_WORDS else None
    return _text_kind(text)


def _xml_kind(text: str) -> str | None:
    if "<annotations" in text and "<image" in text:
        return "cvat"
    return "voc" if "<annotation" in text else None


def _text_kind(text: str) -> str | None:
    lines = [line for line in text.splitlines()[:-1] or text.splitlines() if line.strip()][:20]
    if not lines:
        return None
    if lines[0].strip().isdecimal() and len(lines) > 1 and all(map(_YOLO_ROW.fullmatch, lines[1:])):
        return "widerperson"
    for kind, row in (("yolo", _YOLO_ROW), ("kitti", _KITTI_ROW), ("dota", _DOTA_ROW)):
        if all(map(row.fullmatch, lines)):
            return kind
    return None
