"""Backgrounds: photographs that show nothing of any class, so they have no label.

What is called a background often is not one (seen: backgrounds that hold helmets too small for a
limit). An image with a label after all is dropped where that label has rows: one of its name in
any format, anywhere in the source, beside it or in the folders `labels_elsewhere`; or a row of a
file for many images (COCO, CreateML, a table) that names it; or a mask, a picture of its name in a
folder of masks.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from hoban_assets.formats.collect import Collector
from hoban_assets.formats.decoding import decode, parse_json, text_lines
from hoban_assets.formats.folders import join, labels_of, scan, stem
from hoban_assets.formats.foreign_labels import (
    ONE_AN_IMAGE,
    labels_in,
    masks_in,
    rows_of_images,
)
from hoban_assets.formats.listed import Listed
from hoban_assets.formats.naming import is_no_label, nfc
from hoban_assets.formats.odd_labels import is_odd
from hoban_assets.formats.scanning import Tree
from hoban_assets.formats.source import RawSource, Read, labels_beside
from hoban_assets.suffixes import suffix_of


class BackgroundReader(Listed):
    """Reads a folder of images without labels. Width and height are 0 (not known)."""

    reads = "images, and labels of their names"

    def __init__(self, source: RawSource, raw_root: Path) -> None:
        """List the images, and the labels that should not be there.

        Raises:
            HobanError: the source is missing, empty or not readable.
        """
        super().__init__(source, raw_root)
        masks = masks_in(self.tree)
        self._masked = {stem_of: mask for mask, stem_of in sorted(masks.items())}
        self.paths = sorted(path for path in self.tree.images() if path not in masks)
        self._refuse_empty("images")
        self._labels: dict[str, list[str]] = {}
        by_stem: dict[str, list[str]] = {}
        for label in self._one_an_image():
            name = label.rpartition("/")[2]
            by_stem.setdefault(nfc(stem(name)), []).append(label)
        elsewhere = _labels_elsewhere(source, raw_root)
        for path in self.paths:
            name = nfc(path.rpartition("/")[2])
            found = [*by_stem.get(stem(name), ()), *by_stem.get(name, ())]
            self._labels[path] = [*found, *elsewhere.get(stem(name), ())]
        own = {label for labels in self._labels.values() for label in labels}
        self._named = self._rows_of_many(own)
        self.label_files = [*sorted(own), *self._named]

    def _one_an_image(self) -> Iterator[str]:
        outside = labels_beside(Path(self.tree.root))
        beside = {"../labels": scan(outside).folders[""]} if outside else {}
        for folder, names in {**self.tree.folders, **beside}.items():
            for name in names:
                is_one = (
                    suffix_of(name) in ONE_AN_IMAGE and name[0] != "." and not is_no_label(name)
                )
                if is_one or is_odd(name):
                    yield join(folder, name)

    def _rows_of_many(self, own: Collection[str]) -> dict[str, dict[str, int]]:
        """Label files for many images, to the rows of each name in them."""
        many: dict[str, dict[str, int]] = {}
        for path in labels_in(self.tree):
            if path in own or path in self.tree.outside_files or suffix_of(path) == "txt":
                continue
            if rows := rows_of_images(self.tree.absolute(path)):
                many[path] = rows
        return many

    def read(self, image_ids: Collection[str] | None = None) -> Read:
        """Read these images, or all, without boxes."""
        found = self._collector()
        for path in self._chosen(image_ids):
            labels = self._labels[path]
            if path in self.tree.outside_files:
                found.drop_image(path, "path_outside", path, "link out of the source")
            elif all(self._is_empty(found, path, label) for label in labels) and not (
                self._is_named(found, path)
            ):
                found.keep(path, labels[0] if labels else None, (0, 0))
        return found.finish("centre", is_relative=True)

    def _is_named(self, found: Collector, path: str) -> bool:
        """Whether a mask is of it, or a file for many images has rows of it; then it is dropped."""
        name = nfc(path.rpartition("/")[2])
        if mask := self._masked.get(stem(name)):
            found.boxes_in += 1
            found.drop_image(path, "background_has_label", mask, "a mask", boxes=1)
            return True
        for label, rows in self._named.items():
            if count := rows.get(name, 0) or rows.get(stem(name), 0):
                found.boxes_in += count
                found.drop_image(path, "background_has_label", label, f"{count} rows", boxes=count)
                return True
        return False

    def _is_empty(self, found: Collector, path: str, label: str) -> bool:
        data = found.label_bytes(path, label, "")
        if data is None:
            return False
        rows = _rows_in(data, label)
        if rows is None:
            found.drop_image(path, "label_unparseable", label, "neither empty nor a label")
        elif rows:
            found.boxes_in += rows
            found.drop_image(path, "background_has_label", label, f"{rows} rows", boxes=rows)
        return rows == 0


def _labels_elsewhere(source: RawSource, raw_root: Path) -> dict[str, list[str]]:
    """File stem to label files of that name in other sources, as paths below this source.

    AI Hub names a photograph the same wherever it is exported to, so a label of that name is
    one of this photograph (the backgrounds of helmet_21k: their labels lie in its class folders).
    """
    found: dict[str, list[str]] = {}
    for folder in source.labels_elsewhere:
        if not (raw_root / folder).is_dir():
            continue
        up = os.path.relpath(raw_root / folder, raw_root / source.folder).replace(os.sep, "/")
        tree: Tree = scan(raw_root / folder)
        for below, names in tree.folders.items():
            for suffix in sorted(ONE_AN_IMAGE):
                for name, label in labels_of(names, suffix).items():
                    found.setdefault(nfc(name), []).append(join(join(up, below), label))
    return found


def _rows_in(data: bytes, label: str) -> int | None:
    """Rows of a label of one image, whatever format it is; None where that cannot be told."""
    suffix = suffix_of(label)
    if suffix not in {"xml", "json"}:
        lines = text_lines(data)
        return None if lines is None else sum(bool(line.strip()) for line in lines)
    if suffix == "xml":
        found = decode(data)
        return None if found is None else found.text.count("<object")
    try:
        document = parse_json(data)
    except ValueError:
        return None
    for key in ("annotations", "shapes", "objects"):
        if isinstance(document, dict) and key in document:
            rows = document[key]
            return len(rows) if isinstance(rows, list) else int(rows is not None)
    return 1 if document else 0
