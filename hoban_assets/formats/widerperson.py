"""WiderPerson: Images/, Annotations/ with one text file an image, train.txt and val.txt of ids.

Classes count from 1: pedestrian, rider, partially visible person, ignore region, crowd. The last
two say that persons are there without marking each: they become ignore regions. Images in
neither list are the test part, which has no labels: they are not listed. An id may come with the
suffix or the folders of its image.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from pathlib import Path

from hoban_assets.classes import PERSON
from hoban_assets.errors import HobanError
from hoban_assets.formats.collect import Collector
from hoban_assets.formats.decoding import text_lines
from hoban_assets.formats.folders import images_of, path_below, read_bytes, stem
from hoban_assets.formats.listed import Listed
from hoban_assets.formats.numbers import number
from hoban_assets.formats.source import RawSource, Read

_LISTS = ("train.txt", "val.txt")
_REGIONS = {"4": "ignore_region", "5": "crowd"}
_CLASSES = frozenset("12345")
_ROW = 5  # class and four corners


class WiderPersonReader(Listed):
    """Reads WiderPerson. Classes of the source are "1", "2" and "3"."""

    reads = "what train.txt and val.txt name"

    def __init__(self, source: RawSource, raw_root: Path) -> None:
        """List the images that train.txt and val.txt name.

        Raises:
            HobanError: the source is missing, empty or not readable, or has neither list.
        """
        super().__init__(source, raw_root)
        top = self.tree.folders[""]
        self.other_files = [name for name in (*_LISTS, "test.txt") if name in top]
        if not set(_LISTS) & set(top):
            raise HobanError(
                f"source {source.name}: neither train.txt nor val.txt in {self.tree.root}",
                "put the lists of ids there that came with WiderPerson",
            )
        folders = {f.lower(): f for f in self.tree.folders if "/" not in f}
        images = folders.get("images", "Images")
        annotations = folders.get("annotations", "Annotations")
        listed = list(images_of(images, self.tree.folders.get(images, [])))
        labels = set(self.tree.folders.get(annotations, []))
        self._problems: list[tuple[str, str, str, int, str]] = []
        self._labels: dict[str, str | None] = {}
        self._unclear: dict[str, str] = {}
        self.lists: dict[str, list[str]] = {}
        by_id: dict[str, list[str]] = {}
        for path in listed:
            name = path.rpartition("/")[2]
            by_id.setdefault(name, []).append(path)
            by_id.setdefault(stem(name), []).append(path)
        for list_file in _LISTS:
            for row, name in self._ids(list_file, top):
                last = name.replace("\\", "/").rpartition("/")[2]
                meant = by_id.get(last) or by_id.get(stem(last), [])
                if not meant:
                    is_inside = path_below(name) is not None
                    missing = f"{images}/{stem(last)}.jpg" if is_inside else list_file
                    rule = "image_missing" if is_inside else "path_outside"
                    self._problems.append((missing, rule, list_file, row, name))
                for image in meant:
                    label = _label_of(image.rpartition("/")[2], labels, alone=len(meant) == 1)
                    self._labels[image] = label and f"{annotations}/{label}"
                    if len(meant) > 1 and label is None:
                        self._unclear[image] = f"{name} is the id of {len(meant)} images"
                    self.lists.setdefault(image, []).append(list_file.removesuffix(".txt"))
        self.paths = sorted(self._labels)
        self.label_files = [label for label in self._labels.values() if label is not None]
        self._refuse_empty("Images/, Annotations/, and ids of the images in train.txt and val.txt")

    def read(self, image_ids: Collection[str] | None = None) -> Read:
        """Read the labels of these images, or of all."""
        found = self._collector()
        self._class_ids = self.source.ids
        if PERSON in self.source.taxonomy:
            person = self.source.taxonomy.index(PERSON)
            self._class_ids = {**dict.fromkeys(_REGIONS, person), **self._class_ids}
        for path in self._chosen(image_ids):
            label = self._labels[path]
            if path in self._unclear:
                found.drop_image(path, "identity_unclear", path, self._unclear[path])
                continue
            data = found.label_bytes(path, label, "Annotations/<image>.txt")
            if data is None or label is None:
                continue
            lines = text_lines(data)
            if not lines or not lines[0].split():
                found.drop_image(path, "label_unparseable", label, "no text" if lines else "empty")
                continue
            self._read_lines(found, path, label, lines)
        for path, rule, file, row, value in self._problems:
            found.decide(path, rule, "drop", file, row, value)
        return found.finish("corners")

    def _read_lines(self, found: Collector, path: str, label: str, lines: list[str]) -> None:
        first = lines[0].split()
        has_count = len(first) == 1 and first[0].isdecimal()
        if not has_count and len(first) != _ROW:
            found.drop_image(path, "label_unparseable", label, "no count in the first line")
            return
        start = 1 if has_count else 0
        rows = [(row, line) for row, line in enumerate(lines) if row >= start and line.strip()]
        found.boxes_in += len(rows)
        size = found.size_from_header(path, label, len(rows), is_repair=False)
        if size is None:
            return
        counted = first[0] if has_count else "none"
        if counted != str(len(rows)):
            value = f"count {counted}, rows {len(rows)}"
            found.decide(path, "count_mismatch", "repair", label, 0, value)
        self._read_rows(found, path, label, rows, found.keep(path, label, size))

    def _read_rows(
        self, found: Collector, path: str, label: str, rows: list[tuple[int, str]], position: int
    ) -> None:
        other: Counter[str] = Counter()
        for row, line in rows:
            code, *box = line.split()
            class_id = self._class_ids.get(code)
            if not code.isdecimal():
                found.decide(path, "box_malformed", "drop", label, row, line, boxes_removed=1)
            elif code not in _CLASSES:
                found.decide(path, "class_out_of_range", "drop", label, row, line, boxes_removed=1)
            elif class_id is None:
                other[code] += 1
            else:
                numbers = [number(value) for value in box]
                at = found.rows.add(position, row, class_id, numbers)
                found.rows.seen[at] = line
                if code in _REGIONS:
                    found.rows.ignored[at] = _REGIONS[code]
        if other:
            found.not_used(path, label, other)

    def _ids(self, list_file: str, top: list[str]) -> list[tuple[int, str]]:
        if list_file not in top:
            return []
        path = f"{self.tree.root}/{list_file}"
        lines = None if list_file in self.tree.outside_files else text_lines(read_bytes(path))
        if lines is None:
            raise HobanError(
                f"{path} is no list of ids", "put the file there as WiderPerson has it"
            )
        return [(row, line.strip()) for row, line in enumerate(lines) if line.strip()]


def _label_of(name: str, labels: set[str], *, alone: bool) -> str | None:
    """Label of the image `name`: <name>.txt, or <stem>.txt where no other image has its stem."""
    if f"{name}.txt" in labels:
        return f"{name}.txt"
    return f"{stem(name)}.txt" if alone and f"{stem(name)}.txt" in labels else None
