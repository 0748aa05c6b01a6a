"""One COCO JSON as columns."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hoban_assets.formats.naming import nfc
from hoban_assets.formats.numbers import as_numbers, number
from hoban_assets.formats.outlines import contradictions

_WHOLE = re.compile(r"0|-?[1-9][0-9]*")
_EXACT = 2.0**53
_YES = (1, "1", True)


@dataclass(frozen=True)
class Annotations:
    """Annotations of one JSON, n rows in the order of the file."""

    file: str
    """Path of the JSON below the source."""
    names: list[str]
    """Names of its categories."""
    unclear: dict[int, tuple[str, ...]]
    """Positions in `names` of ids with several names, to these."""
    image: NDArray[np.int64]
    """Position of the image in the listing, or -1 where its image is not read."""
    category: NDArray[np.int64]
    """Position in `names`, or -1 where the category does not exist."""
    crowd: NDArray[np.bool_]
    ignore: NDArray[np.bool_]
    """Rows that say `ignore`, as converters write what was difficult elsewhere."""
    guessed: dict[int, str]
    """Rows with the confidence of a model, to it."""
    boxes: Sequence[object]
    """`bbox` as it stands in the file."""
    numbers: NDArray[np.float64]
    """The same as numbers, (n, 4): NaN where a row has none."""
    contradicts: dict[int, str]
    """Rows whose box is not that of their own outline or area, to what stands there."""
    raw_categories: Sequence[object]


class Entry(NamedTuple):
    """One image of a JSON: its id, its name as it stands there, (width, height) or (0, 0)."""

    key: object
    file_name: object
    size: tuple[int, int]


def key_of(value: object) -> object:
    """An id such that what is equal is the same one; None where it cannot be an id.

    A text is an id of its own ('01' is not '1', '4e2' is not '400'), but for the plain form of a
    whole number: 12, 12.0 and "12" are one id, as tools write numbers as texts and back. A number
    with a point that has more digits than a float can tell apart is none.
    """
    if type(value) is int:
        return value
    if isinstance(value, str):
        return int(value) if _WHOLE.fullmatch(value) else value
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    return None


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


@dataclass(frozen=True)
class Categories:
    """Categories of a JSON. A name under two ids is one class; an id with two names is none."""

    names: list[str]
    """Each once; those of an id with several stand together in one, with ' | ' between."""
    position: dict[object, int]
    """Id to its position in `names`."""
    unclear: dict[int, tuple[str, ...]]
    """Positions of ids that have several names, to these names."""


def read_categories(categories: list[Any]) -> Categories:
    """Put ids and names of a JSON's categories in order; entries without either are left out."""
    by_key: dict[object, list[str]] = {}
    for category in categories:
        if isinstance(category, dict) and category.get("name") not in (None, ""):
            key, name = key_of(category.get("id")), nfc(str(category["name"]))
            if key is not None and name not in by_key.setdefault(key, []):
                by_key[key].append(name)
    joined = {key: " | ".join(names) for key, names in by_key.items()}
    names = list(dict.fromkeys(joined.values()))
    place = {name: index for index, name in enumerate(names)}
    position = {key: place[name] for key, name in joined.items()}
    unclear = {position[key]: tuple(names) for key, names in by_key.items() if len(names) > 1}
    return Categories(names, position, unclear)


def supercategories(categories: list[Any]) -> dict[str, str]:
    """Name of each category to the name of what it is a kind of, '' where there is none."""
    return {
        nfc(str(category["name"])): str(category.get("supercategory") or "")
        for category in categories
        if isinstance(category, dict) and category.get("name") not in (None, "")
    }


def index_annotations(
    file: str,
    annotations: list[Any],
    categories: Categories,
    entries: dict[object, int],
    wanted: Collection[str],
) -> Annotations:
    """Turn annotations into columns.

    Args:
        file: path of the JSON below the source.
        annotations: as parsed.
        categories: id to name.
        entries: image id to its position in the listing.
        wanted: names whose boxes are compared with their own outline; all where it is empty.
    """
    objects = [a if type(a) is dict else {} for a in annotations]
    raw = [a.get("category_id") for a in objects]
    category = _look_up(raw, categories.position)
    image = _look_up([a.get("image_id") for a in objects], entries)
    crowd = np.array([a.get("iscrowd") in _YES for a in objects], bool)
    chosen = np.array([not wanted or name in wanted for name in [*categories.names, ""]], bool)
    to_compare = np.flatnonzero(chosen[category] & (category >= 0) & (image >= 0) & ~crowd)
    boxes = [a.get("bbox") for a in objects]
    numbers = as_numbers(boxes)
    return Annotations(
        file=file,
        names=categories.names,
        unclear=categories.unclear,
        image=image,
        category=category,
        crowd=crowd,
        ignore=np.array([a.get("ignore") in _YES for a in objects], bool),
        guessed={
            row: f"score {a['score']}"
            for row, a in enumerate(objects)
            if "score" in a and 0 <= number(a["score"]) < 1
        },
        boxes=boxes,
        numbers=numbers,
        contradicts=contradictions(objects, boxes, numbers, to_compare),
        raw_categories=raw,
    )


def _look_up(values: list[Any], positions: dict[object, int]) -> NDArray[np.int64]:
    """Position of each id, -1 where there is none."""
    if set(map(type, values)) - {int}:
        values = [key_of(value) for value in values]
    return np.array([positions.get(value, -1) for value in values], np.int64)
