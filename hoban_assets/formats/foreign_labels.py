"""Labels in formats that are not read here: which images they are of, and how to convert them.

So that nobody's labelled photographs become empty scenes: an image that any label names has
objects until somebody has looked.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from hoban_assets.formats.decoding import decode, parse_json, read_bytes, read_head
from hoban_assets.formats.naming import OTHER_LABELS, is_mask_folder, join, mask_of, nfc, stem
from hoban_assets.formats.odd_labels import odd_labels
from hoban_assets.formats.scanning import Tree
from hoban_assets.formats.unread import label_like
from hoban_assets.suffixes import LABEL_SUFFIXES, suffix_of

ONE_AN_IMAGE = frozenset({"txt", "json", "xml"})
"""Suffixes of labels that have the name of their image."""
_CELLS = re.compile(r"[^,;\t\n\r\"']+")


def labels_in(tree: Tree) -> list[str]:
    """Files of a listing that seem to be labels and are not empty."""
    stems = {nfc(stem(path.rpartition("/")[2])) for path in tree.images()}
    found = []
    for folder, names in tree.folders.items():
        for suffix in sorted({suffix_of(name) for name in names} & LABEL_SUFFIXES):
            group = [n for n in names if suffix_of(n) == suffix and not n.startswith("._")]
            for name in label_like(tree, folder, group, stems):
                path = join(folder, name)
                if path in tree.outside_files or read_head(tree.absolute(path), 256).strip():
                    found.append(path)
    return [*found, *odd_labels(tree, set(found))]


def masks_in(tree: Tree) -> dict[str, str]:
    """Pictures that are masks of others, by their folder and stem, to the stem of those."""
    folders = {folder: is_mask_folder(folder) for folder in tree.folders}
    stems: dict[bool, dict[str, str]] = {False: {}, True: {}}
    for path in tree.images():
        folder, _, name = path.rpartition("/")
        stems[folders[folder]][path] = nfc(stem(name))
    others = set(stems[False].values())
    found = {
        path: of
        for path, own in stems[True].items()
        if (of := own if own in others else mask_of(own)) in others
    }
    for path, own in stems[False].items():  # a_mask.png beside a.jpg
        if (of := mask_of(own)) != own and of in others:
            found[path] = of
    return found


def other_labels_in(tree: Tree) -> list[str]:
    """Files of other programs that labels may be kept in; what they hold is not known here."""
    return [
        join(folder, name)
        for folder, names in tree.folders.items()
        for name in names
        if suffix_of(name) in OTHER_LABELS and not name.startswith("._")
    ]


def rows_of_images(path: str) -> dict[str, int]:
    """Names (or stems) of images, composed, that a label file for many images names, to its rows.

    COCO: only images with annotations. Of other formats every name that stands in the file counts,
    with one row: what they say of it is not known here. Nothing is raised.
    """
    try:
        data = read_bytes(path)
        if suffix_of(path) == "json":
            document = parse_json(data)
            counted = _coco_rows(document)
            return dict(Counter(map(_base, _texts(document)))) if counted is None else counted
    except (OSError, ValueError, RecursionError):
        return {}
    found = decode(data)
    text = found.text if found else ""
    if suffix_of(path) in {"odgt", "jsonl", "ndjson"}:
        names: Counter[str] = Counter()
        for line in text.splitlines():
            try:
                names.update({_base(each) for each in _texts(json.loads(line))})
            except (ValueError, RecursionError):
                continue
        return dict(names)
    return dict(Counter(_base(cell.strip()) for cell in _CELLS.findall(text)))


def _coco_rows(document: Any) -> dict[str, int] | None:
    if not isinstance(document, dict):
        return None
    images, annotations = document.get("images"), document.get("annotations")
    if not isinstance(images, list) or not isinstance(annotations, list):
        return None
    rows = Counter(str(a.get("image_id")) for a in annotations if isinstance(a, dict))
    return {
        _base(str(image.get("file_name"))): rows[str(image.get("id"))]
        for image in images
        if isinstance(image, dict) and rows[str(image.get("id"))]
    }


def _texts(value: Any) -> Iterator[str]:
    pending = [value]
    while pending:
        each = pending.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict):
            pending += [*each.values(), *each]
        elif isinstance(each, list):
            pending += each


def _base(name: str) -> str:
    return nfc(name.replace("\\", "/").rpartition("/")[2])
