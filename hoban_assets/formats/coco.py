"""COCO: images in folders, all labels in one large JSON a part (instances_train2017.json).

Categories are taken by their names: ids shift where an export adds a dummy category. Each JSON
is parsed once, when the source is opened, and turned into columns; its objects are then freed.
What an id or a name means is settled in `coco_identity`: never by which entry comes last.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hoban_assets.collector import paused_collector
from hoban_assets.errors import HobanError
from hoban_assets.formats.coco_identity import Identities
from hoban_assets.formats.coco_index import (
    Annotations,
    image_entries,
    index_annotations,
    read_categories,
    supercategories,
)
from hoban_assets.formats.coco_names import ImageFinder
from hoban_assets.formats.coco_refusals import (
    Problem,
    absent_problems,
    refuse_shifted,
    refuse_unclear,
)
from hoban_assets.formats.collect import Collector
from hoban_assets.formats.decoding import read_json
from hoban_assets.formats.folders import join, stem
from hoban_assets.formats.listed import Listed
from hoban_assets.formats.naming import looks_like
from hoban_assets.formats.source import RawSource, Read

KEYS = ("images", "annotations", "categories")
OTHER_TASKS = ("captions", "keypoints", "stuff", "panoptic")


class CocoReader(Listed):
    """Reads COCO detection labels. Classes of the source are category names."""

    reads = "instances_*.json, or the JSON in annotations/"

    @paused_collector()
    def __init__(self, source: RawSource, raw_root: Path) -> None:
        """List the images and parse the labels.

        Raises:
            HobanError: the source is missing, empty or not readable; there is no JSON with images,
                annotations and categories, it is no JSON, or lacks a category of the source.
        """
        super().__init__(source, raw_root)
        self.paths = sorted(self.tree.images())
        self._refuse_empty("images, and annotations/instances_*.json")
        self._positions = {path: index for index, path in enumerate(self.paths)}
        self._finder = ImageFinder(self.paths)
        self._images = Identities(len(self.paths))
        self._file_of: list[int] = []
        self._sizes: list[list[int]] = []
        self._problems: list[Problem] = []
        self._files: list[Annotations] = []
        self.categories: dict[str, str] = {}
        for file in self._label_files():
            self._open(file)
        if not self._files:
            raise HobanError(
                f"source {source.name}: no COCO labels in {self.tree.root}",
                "put the JSON with images, annotations and categories in its folder annotations/",
            )
        self.label_files = [file.file for file in self._files]
        self._images.compare_files(self._files)
        self.other_files = list(self._of_other_tasks())
        self._refuse_unknown_classes()

    @paused_collector()
    def read(self, image_ids: Collection[str] | None = None) -> Read:
        """Take the labels of these images, or of all. No label file is opened again."""
        found = self._collector()
        kept = np.full(len(self.paths) + 1, -1)  # one more: -1, an annotation of no image
        rows_of = np.zeros(len(self.paths), np.int64)
        for file in self._files:
            rows_of += np.bincount(file.image[file.image >= 0], minlength=len(self.paths))
        counts = rows_of.tolist()
        self._file_of, self._sizes = self._images.file_of.tolist(), self._images.sizes.tolist()
        for path in self._chosen(image_ids):
            at = self._positions[path]
            kept[at] = self._read_image(found, path, at, counts[at])
        numbers = [self._read_rows(found, file, kept) for file in self._files]
        for problem in self._problems:
            found.decide(
                problem.path,
                problem.rule,
                problem.action,
                problem.file,
                problem.row,
                problem.value,
            )
        return found.finish("top_left", numbers=np.concatenate(numbers))

    def _read_image(self, found: Collector, path: str, at: int, rows: int) -> int:
        """Add an image and return its position among the kept ones, or -1 where it was dropped."""
        found.boxes_in += rows
        known = self._images
        if path in self.tree.outside_files:
            found.drop_image(path, "path_outside", path, "link out of the source", boxes=rows)
            return -1
        number = self._file_of[at]
        label = path if number < 0 else self._files[number].file
        if at in known.unclear:
            found.drop_image(path, "identity_unclear", label, known.unclear[at], boxes=rows)
            return -1
        if number < 0:
            found.drop_image(path, "label_missing", path, "no JSON lists this image")
            return -1
        width, height = self._sizes[at]
        if not width or not height:
            size = found.size_from_header(path, label, rows, seen="no width and height")
            if size is None:
                return -1
            width, height = size
        if at in known.several:
            found.decide(path, "label_twice", "merge", label, value=known.several[at])
        if at in known.guessed:
            found.decide(path, "path_of_elsewhere", "repair", label, value=known.guessed[at])
        return found.keep(path, label, (width, height))

    def _read_rows(
        self, found: Collector, file: Annotations, kept: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Take the rows of a JSON that are wanted; return the numbers of their boxes, (n, 4)."""
        position = kept[file.image]
        rows = np.flatnonzero(position >= 0)
        ids = self.source.ids
        names = [self._meant(file, index) for index in range(len(file.names))]
        wanted = np.array([ids.get(name, -1) for name in names] + [-1])
        lost = np.array([self._is_lost(file, index) for index in range(len(names))] + [True])
        category = file.category[rows]
        class_id = np.where(lost[category], -1, wanted[category])
        for row in rows[lost[category]].tolist():
            rule = "category_unclear" if file.category[row] >= 0 else "class_out_of_range"
            value = f"category {file.raw_categories[row]!r}"
            if file.category[row] >= 0:
                value += f" is {file.names[file.category[row]]}"
            path = self.paths[file.image[row]]
            found.decide(path, rule, "drop", file.file, row, value, boxes_removed=1)
        self._count_others(found, file, rows[(class_id < 0) & ~lost[category]])
        used = rows[class_id >= 0]
        first = len(found.rows.box)
        found.rows.image += position[used].tolist()
        found.rows.row += used.tolist()
        found.rows.class_id += class_id[class_id >= 0].tolist()
        found.rows.box += [file.boxes[row] for row in used.tolist()]
        for offset in np.flatnonzero(file.crowd[used]).tolist():
            found.rows.ignored[first + offset] = "crowd"
        for offset in np.flatnonzero(file.ignore[used]).tolist():
            found.rows.ignored.setdefault(first + offset, "ignore_region")
        for offset in np.flatnonzero(np.isin(used, list(file.guessed))).tolist():
            found.rows.refused[first + offset] = "confidence_row"
            found.rows.seen[first + offset] = file.guessed[int(used[offset])]
        if file.contradicts:
            for offset in np.flatnonzero(np.isin(used, list(file.contradicts))).tolist():
                found.rows.ignored[first + offset] = "box_contradicted"
                found.rows.seen[first + offset] = file.contradicts[int(used[offset])]
        if self._images.in_files:
            shared = np.isin(file.image[used], list(self._images.in_files))
            for offset in np.flatnonzero(shared).tolist():
                found.rows.files[first + offset] = file.file
        return file.numbers[used]

    def _meant(self, file: Annotations, index: int) -> str:
        """Name of a category; of several under one id the one that all of them are read as."""
        names = file.unclear.get(index)
        return file.names[index] if names is None or self._is_lost(file, index) else names[0]

    def _is_lost(self, file: Annotations, index: int) -> bool:
        """Whether an id has names of which some are wanted, but not all for the same class."""
        names = file.unclear.get(index, ())
        return len({self.source.ids.get(name) for name in names}) > 1

    def _count_others(self, found: Collector, file: Annotations, rows: NDArray[np.int64]) -> None:
        pairs, counts = np.unique(
            np.stack([file.image[rows], file.category[rows]], axis=1), axis=0, return_counts=True
        )
        paths = [self.paths[image] for image in pairs[:, 0].tolist()]
        names = [file.names[category] for category in pairs[:, 1].tolist()]
        found.all_not_used(paths, file.file, names, counts.tolist())

    def _label_files(self) -> list[str]:
        """JSON files that may hold labels: of annotations/ and the source, else of any folder."""
        files = [
            join(folder, name)
            for folder, names in self.tree.folders.items()
            for name in names
            if name.lower().endswith(".json")
            and not any(task in name.lower() for task in OTHER_TASKS)
        ]
        near = [f for f in files if "/" not in f or f.split("/")[-2].lower() == "annotations"]
        instances = [f for f in near if f.rpartition("/")[2].startswith("instances_")]
        return instances or near or files

    def _of_other_tasks(self) -> Iterator[str]:
        """JSON files of COCO that hold captions and the like: no boxes are lost with them."""
        for folder, names in self.tree.folders.items():
            for name in names:
                if any(name.lower().startswith((task, f"person_{task}")) for task in OTHER_TASKS):
                    yield join(folder, name)

    def _open(self, file: str) -> None:
        if file in self.tree.outside_files:
            self._problems.append(Problem(file, "path_outside", "drop", file, None, "link"))
            return
        document, encoding = _load(self.tree.absolute(file))
        if encoding is not None:
            self.encodings[file] = encoding
        is_coco = isinstance(document, dict) and all(
            isinstance(document.get(key), list) for key in KEYS
        )
        if not is_coco:
            if file.rpartition("/")[2].startswith("instances_"):
                raise HobanError(
                    f"{self.tree.absolute(file)} has no lists images, annotations and categories",
                    "put the JSON there as COCO has it, or rename it where it is no label file",
                )
            return
        self._index(file, document)

    def _index(self, file: str, document: Any) -> None:
        hint = stem(file.rpartition("/")[2]).removeprefix("instances_")
        entries = list(image_entries(document["images"]))
        folder = file.rpartition("/")[0]
        found = [self._finder.find(entry.file_name, hint, folder) for entry in entries]
        at = [-1 if f.path is None else self._positions[f.path] for f in found]
        at = self._images.believed(entries, found, at)
        keys = self._images.add(len(self._files), entries, found, at)
        categories = read_categories(document["categories"])
        path = self.tree.absolute(file)
        refuse_unclear(path, self.source.classes, categories)
        self.categories |= supercategories(document["categories"])
        annotations = index_annotations(
            file, document["annotations"], categories, keys, set(self.source.classes)
        )
        refuse_shifted(path, annotations, categories)
        self._files.append(annotations)
        absent = [
            (row, f.rule or "image_missing", str(entry.file_name))
            for row, (entry, f) in enumerate(zip(entries, found, strict=True))
            if at[row] < 0 or entry.key is None
        ]
        self._problems += absent_problems(file, absent)
        orphans = int((annotations.image < 0).sum())
        if orphans:
            value = f"{orphans} annotations of images that are not read"
            self._problems.append(Problem(file, "image_missing", "drop", file, None, value))

    def _refuse_unknown_classes(self) -> None:
        names = {name for file in self._files for name in file.names}
        names |= {name for file in self._files for both in file.unclear.values() for name in both}
        unknown = sorted(set(self.source.classes) - names)
        if unknown:
            raise HobanError(
                f"source {self.source.name}: no category {', '.join(map(repr, unknown))} in "
                f"{', '.join(self.tree.absolute(f.file) for f in self._files)}",
                f"take the names from those there are: {', '.join(map(repr, sorted(names)))}"
                f"{looks_like(unknown, names)}",
            )


def _load(path: str) -> tuple[object, str | None]:
    """The document, and its encoding where that is not UTF-8."""
    try:
        return read_json(path)
    except (OSError, ValueError) as error:
        raise HobanError(
            f"{path} cannot be parsed: {error}",
            "copy or download the file again; it may have been cut off",
        ) from error
