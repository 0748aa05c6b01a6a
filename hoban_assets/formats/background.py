"""Backgrounds: photographs that show nothing of any class, so they have no label.

What is called a background often is not one (seen: backgrounds that hold helmets too small for a
limit). An image with a label after all, beside it or in one of the folders `labels_elsewhere`, is
dropped where that label has rows.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from hoban_assets.formats.collect import Collector
from hoban_assets.formats.decoding import text_lines
from hoban_assets.formats.folders import join, labels_of, parse_json, scan, stem
from hoban_assets.formats.listed import Listed
from hoban_assets.formats.pairs import labels_beside
from hoban_assets.formats.source import RawSource, Read

_SUFFIXES = ("txt", "json")


class BackgroundReader(Listed):
    """Reads a folder of images without labels. Width and height are 0 (not known)."""

    def __init__(self, source: RawSource, raw_root: Path) -> None:
        """List the images, and the labels that should not be there.

        Raises:
            HobanError: the source is missing, empty or not readable.
        """
        super().__init__(source, raw_root)
        self.paths = sorted(self.tree.images())
        self._refuse_empty("images")
        beside = _labels_beside_source(Path(self.tree.root))
        stems = {
            folder: {suffix: labels_of(names, suffix) for suffix in _SUFFIXES}
            for folder, names in {**self.tree.folders, **beside}.items()
        }
        self._labels: dict[str, list[str]] = {}
        for path in self.paths:
            folder, _, name = path.rpartition("/")
            inner = f"{folder}/labels" if folder else "labels"
            around = {folder, inner, labels_beside(self.tree, folder) or inner, *beside}
            for other in sorted(around & stems.keys()):
                for suffix in _SUFFIXES:
                    label = stems[other][suffix].get(stem(name))
                    if label is not None:
                        self._labels.setdefault(path, []).append(
                            f"{other}/{label}" if other else label
                        )
        elsewhere = _labels_elsewhere(source, raw_root)
        for path in self.paths:
            name = stem(path.rpartition("/")[2])
            self._labels.setdefault(path, []).extend(elsewhere.get(name, ()))
        self.label_files = [label for labels in self._labels.values() for label in labels]

    def read(self, image_ids: Collection[str] | None = None) -> Read:
        """Read these images, or all, without boxes."""
        found = self._collector()
        for path in self._chosen(image_ids):
            labels = self._labels.get(path, [])
            if path in self.tree.outside_files:
                found.drop_image(path, "path_outside", path, "link out of the source")
            elif all(self._is_empty(found, path, label) for label in labels):
                found.keep(path, labels[0] if labels else None, (0, 0))
        return found.finish("centre", is_relative=True)

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
        for below, names in scan(raw_root / folder).folders.items():
            for suffix in _SUFFIXES:
                for name, label in labels_of(names, suffix).items():
                    found.setdefault(name, []).append(join(join(up, below), label))
    return found


def _rows_in(data: bytes, label: str) -> int | None:
    if label.lower().endswith(".txt"):
        lines = text_lines(data)
        return None if lines is None else sum(bool(line.strip()) for line in lines)
    try:
        document = parse_json(data)
    except ValueError:
        return None
    if isinstance(document, dict) and isinstance(document.get("annotations"), list):
        return len(document["annotations"])
    return 1 if document else 0


def _labels_beside_source(root: Path) -> dict[str, list[str]]:
    """Files of ../labels where the source folder itself is a folder 'images'."""
    labels = root.parent / "labels"
    if root.name.lower() != "images" or not labels.is_dir():
        return {}
    return {"../labels": scan(labels).folders[""]}
