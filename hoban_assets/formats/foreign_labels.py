"""Labels in formats that are not read here: which images they are of, and how to convert them.

So that nobody's labelled photographs become empty scenes: an image that any label names has
objects until somebody has looked.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from hoban_assets.formats.decoding import decode, parse_json, read_bytes, read_head
from hoban_assets.formats.naming import (
    IMAGE_SUFFIXES,
    LABEL_SUFFIXES,
    OTHER_LABELS,
    is_label_folder,
    is_mask_folder,
    is_no_label,
    join,
    left_out,
    mask_of,
    nfc,
    stem,
    suffix_of,
)
from hoban_assets.formats.odd_labels import odd_labels
from hoban_assets.formats.scanning import Tree
from hoban_assets.formats.sniffing import sniff
from hoban_assets.formats.unread import label_like

ONE_AN_IMAGE = frozenset({"txt", "json", "xml"})
"""Suffixes of labels that have the name of their image."""
_CELLS = re.compile(r"[^,;\t\n\r\"']+")
_MOST_ENTRIES = 200_000
"""Files beside a source that are looked at by name: a raw root of several large sets."""
_MOST_OPENED = 20
"""Files for many images (COCO, tables) beside a source that are searched for its images."""


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


def labels_beside(root: Path, images: Collection[str]) -> str | None:
    """A label outside `root`, in the folder above or another folder there, of one of its images.

    Args:
        root: a folder of images.
        images: their paths.

    Returns:
        Its path, or None. Of a folder above with very many files not all are looked at.
    """
    names = {nfc(path.rpartition("/")[2]) for path in images}
    stems = {stem(name) for name in names}
    left, opened, parent = _MOST_ENTRIES, 0, os.path.realpath(root.parent)
    for folder, entry in _files_around(root):
        left -= 1
        if left < 0:
            return None
        suffix = suffix_of(entry)
        path = f"{folder}/{entry}"
        own = nfc(stem(entry))
        is_of_one = own in stems or mask_of(own) in stems
        if is_of_one and suffix in IMAGE_SUFFIXES and is_mask_folder(folder.rpartition("/")[2]):
            return path
        if suffix in OTHER_LABELS and folder == parent and is_label_folder(own):
            return path
        if suffix not in LABEL_SUFFIXES or is_no_label(entry):
            continue
        if suffix in ONE_AN_IMAGE and (is_of_one or own in names):
            if read_head(path, 256).strip():
                return path
        elif (
            suffix != "txt"
            and opened < _MOST_OPENED
            and (folder == parent or is_label_folder(folder))
        ):
            opened += 1
            if sniff(path) and _names_one(path, names, stems):
                return path
    return None


def _names_one(path: str, names: set[str], stems: set[str]) -> bool:
    return any(name in names or name in stems for name in rows_of_images(path))


def _files_around(root: Path) -> Iterator[tuple[str, str]]:
    """Folder and name of the files beside a folder, those in folders of labels first."""
    parent = os.path.realpath(root.parent)
    own = os.path.realpath(root)
    try:
        with os.scandir(parent) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError:
        return
    yield from ((parent, e.name) for e in entries if e.is_file(follow_symlinks=False))
    folders = [e for e in entries if e.is_dir(follow_symlinks=False) and left_out(e.name) is None]
    folders.sort(key=lambda entry: not is_label_folder(entry.name))
    for entry in folders:
        if entry.path == own:
            continue
        for folder, _, names in os.walk(entry.path):
            yield from ((folder, name) for name in names)
