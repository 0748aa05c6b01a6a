"""YOLO folders: data.yaml, and images/ beside labels/ for each part of the source.

Only the names are taken from data.yaml. Its paths are those of the machine that wrote it: what
is read are the folders train, valid, val and test, or images/ and labels/ themselves.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path

import yaml

from hoban_assets.errors import HobanError
from hoban_assets.formats.collect import Collector
from hoban_assets.formats.folders import read_bytes
from hoban_assets.formats.listed import Listed
from hoban_assets.formats.pairs import image_folders, pair
from hoban_assets.formats.rows import bounds
from hoban_assets.formats.source import RawSource, Read

PARTS = frozenset({"", "train", "valid", "val", "test"})
_BOX, _OBB, _LEAST_POLYGON = 5, 9, 7  # numbers of a row, the class among them


class YoloReader(Listed):
    """Reads YOLO folders. Classes of the source are names in data.yaml, matched exactly.

    Width and height of the images are 0 (not known): boxes are shares of the image already.
    """

    def __init__(
        self, source: RawSource, raw_root: Path, names: Mapping[int, str] | None = None
    ) -> None:
        """List the images and read the names.

        Args:
            source: whose folder it is.
            raw_root: folder that it is below.
            names: class index to name, instead of those in data.yaml.

        Raises:
            HobanError: the source is missing, empty or not readable; there is no data.yaml, or a
                class of the source is not among its names.
        """
        super().__init__(source, raw_root)
        folders = [
            folder
            for folder in image_folders(self.tree, need_labels=False)
            if folder.rpartition("/")[0].lower() in PARTS
        ]
        self._pairs, self._orphans = pair(self.tree, folders, "txt")
        self.paths = list(self._pairs)
        self.label_files = [*filter(None, self._pairs.values()), *self._orphans]
        self._refuse_empty("train/, valid/ or test/ with images/ and labels/ in them")
        if names is None:
            names = read_names(self.tree.root, self.tree.folders[""])
        self.names = names
        self._refuse_unknown_classes()

    def read(self, image_ids: Collection[str] | None = None) -> Read:
        """Read the labels of these images, or of all."""
        found = Collector(self.source, self.tree)
        ids = self.source.ids
        self._ids = {index: ids.get(name) for index, name in self.names.items()}
        for path in self._chosen(image_ids):
            label = self._pairs[path]
            data = found.label_bytes(path, label, "labels/<stem>.txt")
            if data is None or label is None:
                continue
            lines = text_lines(data)
            if lines is None:
                found.drop_image(path, "label_unparseable", label, "no UTF-8 text")
                continue
            position = found.keep(path, label, (0, 0))
            self._read_rows(found, path, label, lines, position)
        found.report_missing(self._orphans)
        return found.finish("centre", is_relative=True)

    def _read_rows(
        self, found: Collector, path: str, label: str, lines: list[str], position: int
    ) -> None:
        other: Counter[str] = Counter()
        for row, line in enumerate(lines):
            tokens = line.split()
            if not tokens:
                continue
            found.boxes_in += 1
            index, box = _parse(tokens)
            if index is None:
                found.decide(path, "box_malformed", "drop", label, row, line, boxes_removed=1)
            elif index not in self._ids:
                found.decide(path, "class_out_of_range", "drop", label, row, line, boxes_removed=1)
            elif (class_id := self._ids[index]) is None:
                other[self.names[index]] += 1
            else:
                at = found.rows.add(position, row, class_id, box)
                found.rows.seen[at] = line
                if box is not None and len(tokens) > _BOX:
                    rule = "obb_to_box" if len(tokens) == _OBB else "polygon_to_box"
                    found.rows.reshaped[at] = rule
        if other:
            found.not_used(path, label, other)

    def _refuse_unknown_classes(self) -> None:
        unknown = sorted(set(self.source.classes) - set(self.names.values()))
        if unknown:
            raise HobanError(
                f"source {self.source.name}: {self.tree.root}/data.yaml has no class "
                f"{', '.join(map(repr, unknown))}",
                f"take the names from those there are: "
                f"{', '.join(map(repr, self.names.values())) or 'none'}",
            )


def read_names(root: str, files: list[str]) -> dict[int, str]:
    """Class index to name, from the data.yaml of a source.

    Raises:
        HobanError: there is none, it is no YAML, or it has no names.
    """
    path = f"{root}/data.yaml"
    way_out = "put a file there with the line  names: [first class, second class]"
    if "data.yaml" not in files:
        raise HobanError(f"{path} does not exist", way_out)
    try:
        # BaseLoader makes text of every scalar: a class named 'no' or '10' stays what it is.
        document = yaml.load(read_bytes(path), yaml.BaseLoader)  # noqa: S506
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise HobanError(
            f"{path} cannot be read: {' '.join(str(error).split())}", way_out
        ) from None
    names = document.get("names") if isinstance(document, dict) else None
    if isinstance(names, list) and names:
        return {index: str(name) for index, name in enumerate(names)}
    if isinstance(names, dict) and names and all(str(key).isdecimal() for key in names):
        return {int(key): str(name) for key, name in names.items()}
    raise HobanError(f"{path} has no names", way_out)


def text_lines(data: bytes) -> list[str] | None:
    """Lines of a text label; None where it is no UTF-8 text."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text.splitlines()


def _parse(tokens: list[str]) -> tuple[int | None, list[float] | None]:
    """Class index and box (centre, size) of a row; (None, None) where it is neither kind of row.

    A row of five numbers is a box, one of nine the four corners of a turned box, and one of seven
    or more (odd) a polygon.
    """
    try:
        numbers = [float(token) for token in tokens]
    except ValueError:
        return None, None
    index, count = numbers[0], len(numbers)
    if not all(map(math.isfinite, numbers)) or not index.is_integer():
        return None, None
    if count == _BOX:
        return int(index), numbers[1:]
    if count < _LEAST_POLYGON or count % 2 == 0:
        return None, None
    corners = bounds(numbers[1:])
    if corners is None:
        return None, None
    left, top, right, bottom = corners
    return int(index), [(left + right) / 2, (top + bottom) / 2, right - left, bottom - top]
