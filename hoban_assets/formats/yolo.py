"""YOLO folders: data.yaml, and images/ beside labels/ for each part of the source.

Only the names are taken from data.yaml. Its paths are those of the machine that wrote it: what
is read are images/ and labels/ in the folder itself, and in each folder whose name says a part
of a split in English or Korean (`naming.part_of`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from hoban_assets.errors import HobanError
from hoban_assets.formats.class_names import (
    ClassNames,
    name_files,
    read_class_names,
    read_keypoints,
)
from hoban_assets.formats.collect import Collector
from hoban_assets.formats.decoding import UTF8, read_label, text_lines
from hoban_assets.formats.listed import Listed
from hoban_assets.formats.naming import is_part, looks_like
from hoban_assets.formats.pairs import image_folders, pair
from hoban_assets.formats.shared_labels import shared_labels
from hoban_assets.formats.shifted import LEAST_STRANGE, counts_from_elsewhere
from hoban_assets.formats.source import RawSource, Read
from hoban_assets.formats.yolo_rows import TRIANGLE, may_be_tracked, parse_row

LEAST_TRACKED = 3
"""Rows of seven numbers from which what they have in common is no accident."""


class YoloReader(Listed):
    """Reads YOLO folders. Classes of the source are names in data.yaml, matched exactly.

    Width and height of the images are 0 (not known): boxes are shares of the image already.
    """

    reads = "images/ beside labels/ in the folder itself or in train, valid, test"

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
                class of the source is not among its names, or ``kpt_shape`` is none.
        """
        super().__init__(source, raw_root)
        folders = [
            folder
            for folder in image_folders(self.tree, need_labels=False)
            if is_part(folder.rpartition("/")[0])
        ]
        self._pairs, self._orphans = pair(self.tree, folders, "txt")
        self.paths = list(self._pairs)
        files = self.readable_name_files()
        self.other_files = files
        self._orphans = [path for path in self._orphans if path not in files]
        self.label_files = [*filter(None, self._pairs.values()), *self._orphans]
        self._shared = shared_labels(self.tree, self._pairs)
        self._refuse_empty("train/, valid/ or test/ with images/ and labels/ in them")
        self.names_file = "data.yaml"
        self._names_contradict: list[str] = []
        self.names: Mapping[int, str] = {}
        if names is None:
            self.use_names(read_class_names(self.tree.root, files))
        else:
            self.names = names
        self._keypoints = read_keypoints(self.tree.root, files)
        self._refuse_unknown_classes()

    def use_names(self, found: ClassNames) -> None:
        """Take the class names of this file, and record what is odd about it."""
        self.names_file, self.names = found.file, found.names
        self._names_contradict = [*filter(None, (found.contradiction, found.disagreement))]
        if found.encoding != UTF8:
            self.encodings[found.file] = found.encoding

    def readable_name_files(self) -> list[str]:
        """Files below the source that may hold class names; links out of it are none."""
        return [f for f in name_files(self.tree.folders) if f not in self.tree.outside_files]

    def read(self, image_ids: Collection[str] | None = None) -> Read:
        """Read the labels of these images, or of all.

        Raises:
            HobanError: the rows count classes from another number than the list of names does.
        """
        found = self._collector()
        for said in self._names_contradict:
            found.decide(self.names_file, "names_contradict", "review", self.names_file, value=said)
        self._strange, self._triangles = 0, dict[int, list[str]]()
        ids = self.source.ids
        self._ids = {index: ids.get(name) for index, name in self.names.items()}
        for path in self._chosen(image_ids):
            label = self._pairs[path]
            if path in self._shared and label is not None:
                found.drop_image(path, "identity_unclear", label, self._shared[path])
                continue
            data = found.label_bytes(path, label, "labels/<stem>.txt")
            if data is None or label is None:
                continue
            lines = text_lines(data)
            if lines is None:
                found.drop_image(path, "label_unparseable", label, "neither UTF-8 nor cp949 text")
                continue
            position = found.keep(path, label, (0, 0))
            self._read_rows(found, path, label, lines, position)
        if self._strange:
            self._refuse_shifted()
        self._refuse_tracks(found)
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
            parsed = parse_row(tokens, self._keypoints)
            index = parsed.index
            if index is None:
                found.decide(path, "box_malformed", "drop", label, row, line, boxes_removed=1)
            elif index not in self._ids:
                self._strange += 1
                found.decide(path, "class_out_of_range", "drop", label, row, line, boxes_removed=1)
            elif (class_id := self._ids[index]) is None:
                other[self.names[index]] += 1
            else:
                at = found.rows.add(position, row, class_id, parsed.box)
                found.rows.seen[at] = line
                if parsed.reshaped is not None:
                    found.rows.reshaped[at] = parsed.reshaped
                if parsed.refused is not None:
                    found.rows.refused[at] = parsed.refused
                elif len(tokens) == TRIANGLE and parsed.reshaped is not None:
                    self._triangles[at] = tokens
        if other:
            found.not_used(path, label, other)

    def _every_row(self) -> Iterator[list[str]]:
        """Words of every row of every label of the source, whatever part of it is read."""
        for label in self.label_files:
            if label in self.tree.outside_files:
                continue
            try:
                lines = text_lines(read_label(self.tree.absolute(label))) or ()
            except OSError:
                continue
            yield from filter(None, map(str.split, lines))

    def _refuse_tracks(self, found: Collector) -> None:
        """Take rows for what the other rows of seven numbers are: a triangle, or a track."""
        if not any(map(may_be_tracked, self._triangles.values())):
            return
        seven = [tokens for tokens in self._every_row() if len(tokens) == TRIANGLE]
        if len(seven) >= LEAST_TRACKED and all(map(may_be_tracked, seven)):
            for at in self._triangles:
                found.rows.refused[at] = "confidence_row"
                del found.rows.reshaped[at]

    def _refuse_shifted(self) -> None:
        counts: Counter[int] = Counter()
        rows = (parse_row(tokens, self._keypoints) for tokens in self._every_row())
        counts.update(row.index for row in rows if row.index is not None)
        side = counts_from_elsewhere(counts, self.names)
        strange = sum(count for index, count in counts.items() if index not in self.names)
        if side is not None and strange >= LEAST_STRANGE:
            raise HobanError(
                f"source {self.source.name}: classes in {self.tree.root} count one {side} than "
                f"the names in data.yaml do; {strange} rows name no class",
                "correct the names (the first one belongs to class 0) or the class numbers; as it "
                "is every row would get its neighbour's class",
            )

    def _refuse_unknown_classes(self) -> None:
        unknown = sorted(set(self.source.classes) - set(self.names.values()))
        if unknown:
            raise HobanError(
                f"source {self.source.name}: {self.tree.root}/{self.names_file} has no class "
                f"{', '.join(map(repr, unknown))}",
                f"take the names from those there are: "
                f"{', '.join(map(repr, self.names.values())) or 'none'}"
                f"{looks_like(unknown, self.names.values())}",
            )
