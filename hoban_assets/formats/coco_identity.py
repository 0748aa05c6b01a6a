"""Which image an id of a COCO JSON means, and which rows an image has, over all JSONs of a source.

- An id that stands for two file names is none: boxes of both would land on one of them.
- A file under several ids, or in several JSONs, has the rows of all of them. Where two JSONs mark
  the same object in different ways, or two entries state different sizes, it is not read at all: a
  part of its rows would teach that its other objects are background.
- A name that fits only by its last part is believed where no other entry names that file. Where
  one does with the right folders, the other name is that of a file that is not here; where one does
  without any folder, nobody knows, and the image is not read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from hoban_assets.formats.coco_index import Annotations, Entry
from hoban_assets.formats.coco_names import Found
from hoban_assets.formats.outlines import SAME_IOU

_FOLDERS = re.compile(r"[/\\\\]")


class Identities:
    """What the entries of all JSONs say of the listed images, by their position."""

    def __init__(self, images: int) -> None:
        """Nothing is known of any of the `images`."""
        self.file_of = np.full(images, -1)
        """Number of the first JSON that lists the image, or -1."""
        self.sizes = np.zeros((images, 2), np.int64)
        """Stated width and height, 0 where unknown."""
        self.unclear: dict[int, str] = {}
        """Image to why it is not read."""
        self.several: dict[int, str] = {}
        """Image with more than one entry to what these are."""
        self.guessed: dict[int, str] = {}
        """Image found by the last part of its name only, to that name."""
        self.in_files: dict[int, list[int]] = {}
        """Image that stands in several JSONs to their numbers."""
        self._exact: set[int] = set()
        self._placed: set[int] = set()

    def believed(
        self, entries: Sequence[Entry], found: Sequence[Found], at: Sequence[int]
    ) -> list[int]:
        """Return `at` with -1 for names whose folders show that they mean another file."""
        for entry, f, place in zip(entries, found, at, strict=True):
            if place >= 0 and not f.is_guess and _FOLDERS.search(str(entry.file_name)):
                self._placed.add(place)
        return [
            -1 if f.is_guess and place in self._placed else place
            for f, place in zip(found, at, strict=True)
        ]

    def add(
        self, file: int, entries: Sequence[Entry], found: Sequence[Found], at: Sequence[int]
    ) -> dict[object, int]:
        """Take the entries of one JSON in.

        Args:
            file: number of the JSON.
            entries: its images.
            found: what `ImageFinder` found of each.
            at: position of each image found, or -1.

        Returns:
            Id to image, of every id that means one image.
        """
        keys: dict[object, int] = {}
        targets: dict[object, object] = {}
        unclear_keys: dict[object, list[object]] = {}
        by_image: dict[int, list[int]] = {}
        for row, (entry, place) in enumerate(zip(entries, at, strict=True)):
            if entry.key is None:
                continue
            target: object = place if place >= 0 else str(entry.file_name)
            if targets.setdefault(entry.key, target) != target:
                unclear_keys.setdefault(entry.key, [targets[entry.key]]).append(target)
            elif place >= 0:
                keys[entry.key] = place
            if place >= 0:
                by_image.setdefault(place, []).append(row)
        for key, meant in unclear_keys.items():
            keys.pop(key, None)
            for target in meant:
                if isinstance(target, int):
                    self.unclear[target] = f"id {key!r} stands for {len(set(meant))} files"
        for place, rows in by_image.items():
            self._one_image(file, place, rows, entries, found)
        return {key: place for key, place in keys.items() if self.file_of[place] >= 0}

    def _one_image(
        self,
        file: int,
        place: int,
        rows: list[int],
        entries: Sequence[Entry],
        found: Sequence[Found],
    ) -> None:
        guesses = {str(entries[row].file_name) for row in rows if found[row].is_guess}
        is_exact = len(guesses) == 0 or any(not found[row].is_guess for row in rows)
        if guesses and (is_exact or len(guesses) > 1 or place in self._exact):
            names = sorted({str(entries[row].file_name) for row in rows})
            self.unclear[place] = f"named by {' and '.join(names[:2])}"
        elif guesses:
            name = guesses.pop()
            if self.guessed.setdefault(place, name) != name:
                self.unclear[place] = f"named by {self.guessed[place]} and {name}"
        else:
            self._exact.add(place)
            if place in self.guessed:
                self.unclear[place] = f"named by {self.guessed[place]}, too"
        if len(rows) > 1:
            ids = dict.fromkeys(str(entries[row].key) for row in rows)
            self.several[place] = f"{len(rows)} entries, id {', '.join(ids)}"
        for row in rows:
            self._take_size(place, entries[row].size)
        if self.file_of[place] < 0:
            self.file_of[place] = file
        else:
            files = self.in_files.setdefault(place, [int(self.file_of[place])])
            files.append(file)
            self.several[place] = f"in {len(files)} files"

    def _take_size(self, place: int, size: tuple[int, int]) -> None:
        known = (int(self.sizes[place, 0]), int(self.sizes[place, 1]))
        if known == (0, 0):
            self.sizes[place] = size
        elif size not in {known, (0, 0)}:
            stated = f"{known[0]}x{known[1]} and {size[0]}x{size[1]}"
            self.unclear[place] = f"two entries state {stated}"

    def compare_files(self, files: Sequence[Annotations]) -> None:
        """Find images that several JSONs label in different ways: the same object, another box."""
        shared = np.array(sorted(self.in_files), np.int64)
        if not len(shared):
            return
        rows: dict[int, list[tuple[int, str, NDArray[np.float64]]]] = {}
        for number, file in enumerate(files):
            mine = np.flatnonzero(np.isin(file.image, shared) & (file.category >= 0) & ~file.crowd)
            for row, box in zip(mine.tolist(), file.numbers[mine], strict=True):
                name = file.names[file.category[row]]
                rows.setdefault(int(file.image[row]), []).append((number, name, box))
        for place, boxes_of in rows.items():
            if _differ(boxes_of):
                self.unclear[place] = "two JSONs mark the same object in different ways"


def _differ(rows: list[tuple[int, str, NDArray[np.float64]]]) -> bool:
    """Whether rows of two files overlap like one object and are not equal."""
    equal: dict[tuple[str, bytes], set[int]] = {}
    for number, name, box in rows:
        equal.setdefault((name, box.tobytes()), set()).add(number)
    alone = [row for row in rows if len(equal[row[1], row[2].tobytes()]) == 1]
    return any(
        one[0] != other[0] and _iou(one[2], other[2]) >= SAME_IOU
        for one, other in combinations(alone, 2)
    )


def _iou(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Of two boxes x, y, width, height; 0 where a number is missing."""
    low = np.maximum(first[:2], second[:2])
    high = np.minimum(first[:2] + first[2:], second[:2] + second[2:])
    shared = float(np.clip(high - low, 0, None).prod())
    union = float(first[2:].prod() + second[2:].prod()) - shared
    return shared / union if union > 0 else 0.0
