"""One COCO JSON as columns, and where the images lie that it names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hoban_assets.formats.folders import join, path_below
from hoban_assets.formats.rows import number


@dataclass(frozen=True)
class Annotations:
    """Annotations of one JSON, n rows in the order of the file."""

    file: str
    """Path of the JSON below the source."""
    names: list[str]
    """Names of its categories."""
    image: NDArray[np.int64]
    """Position of the image in the listing, or -1 where its image is not read."""
    category: NDArray[np.int64]
    """Position in `names`, or -1 where the category does not exist."""
    crowd: NDArray[np.bool_]
    boxes: Sequence[object]
    """`bbox` as it stands in the file."""
    raw_categories: Sequence[object]


class Entry(NamedTuple):
    """One image of a JSON: its id, its name as it stands there, (width, height) or (0, 0)."""

    key: object
    file_name: object
    size: tuple[int, int]


class ImageFinder:
    """Looks names of a JSON up among the images that were listed; nothing is opened."""

    def __init__(self, paths: Sequence[str]) -> None:
        """Index the listed images by path and by name."""
        self._paths = frozenset(paths)
        self._by_name: dict[str, list[str]] = {}
        for path in paths:
            self._by_name.setdefault(path.rpartition("/")[2], []).append(path)

    def find(self, name: object, hint: str, folder: str) -> tuple[str | None, str | None]:
        """Find the image that a JSON calls `name`.

        Args:
            name: `file_name` as it stands in the JSON.
            hint: folder name that the JSON's own name points to (train2017).
            folder: folder of the JSON.

        Returns:
            The path below the source and None; or None and the rule by which it is not read.
            Where several folders hold the name and none is pointed to, it is not read: the labels
            might belong to the other one.
        """
        if type(name) is str and len(listed := self._by_name.get(name, [])) == 1:
            return listed[0], None  # the name of exactly one listed file, as nearly always
        below = path_below(name)
        if below is None:
            is_path = isinstance(name, str) and bool(name.strip())
            return None, "path_outside" if is_path else "image_missing"
        same_name = self._by_name.get(below.rpartition("/")[2], ())
        for path in (below, join(folder, below)):
            if path in self._paths:
                return path, None
        ending = [p for p in same_name if p.endswith(f"/{below}")]
        pointed = [p for p in ending if p.removesuffix(f"/{below}").rpartition("/")[2] == hint]
        for choice in (pointed, ending):
            if len(choice) == 1:
                return choice[0], None
        return None, "image_missing"


def key_of(value: object) -> object:
    """An id such that 12, 12.0 and "12" are the same one; None where it cannot be an id."""
    if type(value) is int:
        return value
    as_number = number(value)
    if as_number.is_integer():
        return int(as_number)
    return value if isinstance(value, str) else None


def image_entries(images: list[Any]) -> Iterator[Entry]:
    """Images of a JSON in its order; what is no object has neither id nor name."""
    for image in images:
        if not isinstance(image, dict):
            yield Entry(None, None, (0, 0))
            continue
        width, height = image.get("width"), image.get("height")
        if type(width) is not int or type(height) is not int:
            width, height = number(width), number(height)
        is_known = 1 <= width < 2**31 and 1 <= height < 2**31
        size = (int(width), int(height)) if is_known else (0, 0)
        yield Entry(key_of(image.get("id")), image.get("file_name"), size)


def category_names(categories: list[Any]) -> dict[object, str]:
    """Id of each category to its name."""
    return {
        key_of(category.get("id")): str(category.get("name"))
        for category in categories
        if isinstance(category, dict)
    }


def supercategories(categories: list[Any]) -> dict[str, str]:
    """Name of each category to the name of what it is a kind of, '' where there is none."""
    return {
        str(category.get("name")): str(category.get("supercategory") or "")
        for category in categories
        if isinstance(category, dict)
    }


def index_annotations(
    file: str, annotations: list[Any], categories: dict[object, str], entries: dict[object, int]
) -> Annotations:
    """Turn annotations into columns.

    Args:
        file: path of the JSON below the source.
        annotations: as parsed.
        categories: id to name.
        entries: image id to its position in the listing.
    """
    names = list(dict.fromkeys(categories.values()))
    position = {key: names.index(name) for key, name in categories.items()}
    objects = [a if type(a) is dict else {} for a in annotations]
    raw = [a.get("category_id") for a in objects]
    return Annotations(
        file=file,
        names=names,
        image=_look_up([a.get("image_id") for a in objects], entries),
        category=_look_up(raw, position),
        crowd=np.array([a.get("iscrowd") in (1, "1", True) for a in objects], bool),
        boxes=[a.get("bbox") for a in objects],
        raw_categories=raw,
    )


def _look_up(values: list[Any], positions: dict[object, int]) -> NDArray[np.int64]:
    """Position of each id, -1 where there is none."""
    if set(map(type, values)) - {int}:
        values = [key_of(value) for value in values]
    return np.array([positions.get(value, -1) for value in values], np.int64)
