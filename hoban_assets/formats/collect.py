"""What all readers share: collecting rows and decisions, and the result."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from hoban_assets.formats.clips import groups_of
from hoban_assets.formats.decoding import foreign_encoding, read_label
from hoban_assets.formats.folders import Tree, header_size
from hoban_assets.formats.frames import exceeds, reach
from hoban_assets.formats.naming import looks_like
from hoban_assets.formats.numbers import as_numbers
from hoban_assets.formats.rows import Encoding, RowLists, corners_of, judge
from hoban_assets.formats.source import RawSource, Read
from hoban_assets.formats.taken import with_taken
from hoban_assets.samples import Samples

STAGE = "read"
_LONGEST_VALUE = 200
_DECISION_COLUMNS = (
    "image_id",
    "rule",
    "action",
    "file",
    "row",
    "value",
    "threshold",
    "images_removed",
    "boxes_removed",
)


@dataclass
class Collector:
    """Fills the three tables of a source, one image at a time. Paths are below the source."""

    source: RawSource
    tree: Tree
    boxes_in: int = 0
    rows: RowLists = field(default_factory=RowLists)

    def __post_init__(self) -> None:
        """Start empty, apart from folders that are not entered."""
        self._paths: list[str] = []
        self._labels: list[str | None] = []
        self._widths: list[int] = []
        self._heights: list[int] = []
        self._groups: list[str] = []
        self._dropped = 0
        self._others: set[str] = set()
        self._decisions: dict[str, list[object]] = {name: [] for name in _DECISION_COLUMNS}
        for folder in self.tree.outside_folders:
            self.decide(folder, "path_outside", "drop", folder, value="link out of the source")

    def keep(
        self, path: str, label: str | None, size: tuple[int, int], group: str | None = None
    ) -> int:
        """Add an image and return its position. `size` is (0, 0) where it is not known."""
        self._paths.append(path)
        self._labels.append(label)
        self._widths.append(size[0])
        self._heights.append(size[1])
        self._groups.append(group or self._known_groups.get(path) or f"{self.source.name}/{path}")
        return len(self._paths) - 1

    @cached_property
    def _known_groups(self) -> Mapping[str, str]:
        return groups_in(self.source, self.tree)

    def drop_image(
        self, path: str, rule: str, file: str, value: object = None, boxes: int = 0
    ) -> None:
        """Drop an image, and `boxes` rows of its label, which are already counted as seen."""
        self._dropped += 1
        self.decide(path, rule, "drop", file, value=value, images_removed=1, boxes_removed=boxes)

    def decide(
        self,
        path: str,
        rule: str,
        action: str,
        file: str,
        row: int | None = None,
        value: object = None,
        threshold: float | None = None,
        images_removed: int = 0,
        boxes_removed: int = 0,
    ) -> None:
        """Record one decision about the image (or label) at `path`."""
        columns = self._decisions
        columns["image_id"].append(f"{self.source.name}/{path}")
        columns["rule"].append(rule)
        columns["action"].append(action)
        columns["file"].append(self._below_raw_root(file))
        columns["row"].append(row)
        columns["value"].append(None if value is None else as_text(value))
        columns["threshold"].append(threshold)
        columns["images_removed"].append(images_removed)
        columns["boxes_removed"].append(boxes_removed)

    def label_bytes(self, path: str, label: str | None, expected: str) -> bytes | None:
        """Content of the label of an image; None where the image was dropped instead."""
        if path in self.tree.outside_files:
            self.drop_image(path, "path_outside", path, "link out of the source")
        elif label is None:
            self.drop_image(path, "label_missing", path, f"no {expected}")
        elif label in self.tree.outside_files:
            self.drop_image(path, "path_outside", label, "link out of the source")
        else:
            try:
                data = read_label(f"{self.tree.root}/{label}")
            except OSError as error:
                self.drop_image(path, "label_unparseable", label, error.strerror)
                return None
            if (encoding := foreign_encoding(data)) is not None:
                self.decide(path, "not_utf8", "repair", label, value=f"read as {encoding}")
            return data
        return None

    def size_from_header(
        self, path: str, label: str, rows: int, *, seen: object = None, is_repair: bool = True
    ) -> tuple[int, int] | None:
        """Size of an image whose label has none; None where the image was dropped instead."""
        size = header_size(self.tree.absolute(path))
        if size is None:
            self.drop_image(path, "image_unreadable", path, "no image header", boxes=rows)
        elif is_repair:
            self.decide(path, "resolution_missing", "repair", label, value=seen)
        return size

    def not_used(self, path: str, label: str, counts: Mapping[str, int]) -> None:
        """Drop the rows of classes that are not wanted: one decision a class."""
        self.all_not_used([path] * len(counts), label, list(counts), list(counts.values()))

    def all_not_used(
        self, paths: Sequence[str], label: str, names: Sequence[str], counts: Sequence[int]
    ) -> None:
        """As `not_used` for many images of one label file; a full COCO has 500,000 such rows."""
        rows = len(paths)
        for path, name in zip(paths, names, strict=True):
            if name not in self._others:
                self._others.add(name)
                if said := looks_like([name], self.source.classes):
                    self.decide(path, "class_alike", "review", label, value=said.lstrip("; "))
        self._decide_all(
            rows,
            image_id=[f"{self.source.name}/{path}" for path in paths],
            rule=["class_not_used"] * rows,
            action=["drop"] * rows,
            file=[self._below_raw_root(label)] * rows,
            value=[f"{name} x{count}" for name, count in zip(names, counts, strict=True)],
            images_removed=[0] * rows,
            boxes_removed=list(counts),
        )

    def _decide_all(self, rows: int, **columns: list[Any]) -> None:
        """Append whole columns of decisions; those not given are null."""
        for name in _DECISION_COLUMNS:
            self._decisions[name] += columns.get(name, [None] * rows)

    def report_missing(self, labels: Iterable[str]) -> None:
        """Record labels that have no image. They are not opened, so their rows do not count."""
        for label in labels:
            self.decide(label, "image_missing", "drop", label)

    def finish(
        self,
        encoding: Encoding,
        *,
        is_relative: bool = False,
        numbers: NDArray[np.float64] | None = None,
    ) -> Read:
        """Judge the rows and build the result.

        Args:
            encoding: what the four numbers of a row are.
            is_relative: they are shares of the image, not pixels.
            numbers: ``as_numbers(self.rows.box)`` where the reader has it already.
        """
        numbers = as_numbers(self.rows.box) if numbers is None else numbers
        if not is_relative:
            self._correct_frames(numbers, encoding)
        sizes = np.stack([self._widths, self._heights], axis=1).astype(np.float64)
        sizes = np.ones_like(sizes) if is_relative else sizes
        judged = judge(self.rows, sizes, encoding, self.source.taxonomy, numbers)
        for verdict in judged.verdicts:
            at = verdict.position
            image = self.rows.image[at]
            label = self.rows.files.get(at) or self._labels[image] or self._paths[image]
            seen = self.rows.seen[at] if at in self.rows.seen else self.rows.box[at]
            self.decide(
                self._paths[image],
                verdict.rule,
                verdict.action,
                label,
                self.rows.row[at],
                seen,
                verdict.threshold,
                boxes_removed=int(verdict.action in {"drop", "merge"}),
            )
        name, below = self.source.name, self._below_raw_root
        ids = np.array([f"{name}/{path}" for path in self._paths], object)
        of_box = np.array(self.rows.image, np.int64)[judged.position]
        samples = Samples.of(
            images={
                "image_id": ids,
                "source": [name] * len(ids),
                "file": [below(path) for path in self._paths],
                "label_file": [None if path is None else below(path) for path in self._labels],
                "width": self._widths,
                "height": self._heights,
                "labelled_classes": [self.source.labels] * len(ids),
                "group_id": self._groups,
            },
            boxes={"image_id": ids[of_box], **judged.columns},
            decisions={
                "stage": [STAGE] * len(self._decisions["rule"]),
                **self._decisions,
            },
        )
        return Read(samples, images_in=len(ids) + self._dropped, boxes_in=self.boxes_in)

    def _correct_frames(self, numbers: NDArray[np.float64], encoding: Encoding) -> None:
        """Take the size of the file where rows of an image fit it and not the stated size."""
        image = np.array(self.rows.image, np.int64)
        stated = np.stack([self._widths, self._heights], axis=1)
        with np.errstate(over="ignore"):
            far = reach(image, corners_of(numbers, encoding), len(stated))
        for at in np.flatnonzero(exceeds(far, stated)).tolist():
            size = header_size(self.tree.absolute(self._paths[at]))
            if size is None or size == (self._widths[at], self._heights[at]):
                continue
            if exceeds(far[at : at + 1], np.array([size]))[0]:
                continue  # they fit neither: the rows are judged by the stated size, one by one
            value = f"{self._widths[at]}x{self._heights[at]} in label, {size[0]}x{size[1]} in file"
            label = self._labels[at] or self._paths[at]
            self.decide(self._paths[at], "frame_of_file", "repair", label, value=value)
            self._widths[at], self._heights[at] = size

    def _below_raw_root(self, path: str) -> str:
        whole = f"{self.source.folder}/{path}"
        return posixpath.normpath(whole) if ".." in path else whole


def as_text(value: object) -> str:
    """`value` as the label file has it, on one line, shortened."""
    if isinstance(value, str):
        text = value
    else:
        try:
            text = orjson.dumps(value).decode()
        except TypeError:
            text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."


def groups_in(source: RawSource, tree: Tree) -> Mapping[str, str]:
    """Group of every image that was listed; worked out once a listing (see `formats.clips`)."""
    key = ("groups", source.name, source.clip_pattern, source.taken_pattern)
    if key not in tree.remembered:
        found = groups_of(source.name, tree.images(), source.clip_pattern)
        if source.taken_pattern is not None:
            found = with_taken(source.name, found, source.taken_pattern)
        tree.remembered[key] = found
    known: Mapping[str, str] = tree.remembered[key]
    return known
