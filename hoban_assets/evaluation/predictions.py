"""Predictions made elsewhere: COCO results (JSON), or JSON lines of one detection each.

- JSON lines: ``{"file", "class_name", "score", "box": [x1, y1, x2, y2]}``, the box in shares of
  the image; ``file`` is a path, or its end, or one that ends so on another machine: of the picture
  in the dataset, or of the raw one.
- COCO results: ``[{"image_id", "category_id", "bbox": [x, y, w, h], "score"}]``, the box in pixels;
  ``image_id`` is a file name, its stem, or the number that the stem is (000000000139.jpg is 139).

Everything that does not fit is refused before anything is judged: half a file judged is a wrong
figure that looks like a right one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from hoban_assets.errors import HobanError
from hoban_assets.evaluation.detections import Detections
from hoban_assets.evaluation.pictures import Boxes, Pictures
from hoban_assets.formats.predictions import number_in

SLACK = 0.02
"""Share of the image by which a box may stand out of it; it is cut off."""


@dataclass(frozen=True)
class Prediction:
    """One line as written, with where it stands."""

    place: str
    image: object
    class_name: str
    score: object
    box: object
    in_pixels: bool


def read_predictions(file: Path, pictures: Pictures, classes: Mapping[str, str]) -> Detections:
    """Read a file of predictions of these pictures.

    Args:
        file: see the module.
        pictures: those that are judged. Predictions of others are refused only where none is of
            these: a file may well hold more.
        classes: class (or category number) of the file -> class of the pictures; others are taken
            as they are called.

    Raises:
        HobanError: the file is damaged; it is of other pictures, of another size, or has a score or
            box that is none; no class of it is one of the pictures.
    """
    found: list[tuple[float, ...]] = []
    foreign: set[str] = set()
    seen: set[str] = set()
    place_of = _places(pictures)
    elsewhere = 0
    for each in _predictions(file):
        name = classes.get(each.class_name, each.class_name)
        seen.add(each.class_name)
        if name not in pictures.names:
            foreign.add(each.class_name)
            continue
        image = next((place_of[k] for k in _image_keys(each.image) if k in place_of), None)
        if image is None:
            elsewhere += 1
            continue
        score, corners = _checked(file, each, pictures.sizes[image])
        found.append((image, pictures.names.index(name), score, *corners))
    if seen and foreign == seen:
        raise HobanError(
            f"{file} has the classes {', '.join(sorted(foreign)[:8])}, and {pictures.title} has "
            f"{', '.join(pictures.names)}",
            "say which is which: --class theirs=ours, for instance --class 1=person",
        )
    if elsewhere and not found:
        raise HobanError(
            f"none of the {elsewhere:,} predictions in {file} is of a picture of {pictures.title}",
            f"its pictures are called {pictures.files[0].name} and so on; predict those",
        )
    rows = np.array(found, float).reshape(-1, 7)
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    boxes = Boxes(rows[:, 0].astype(np.int64), rows[:, 1].astype(np.int64), rows[:, 3:])
    return Detections(boxes, rows[:, 2])


def _predictions(file: Path) -> Iterator[Prediction]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise HobanError(f"{file} cannot be read: {error}", "give a JSON file in UTF-8") from error
    if not text.strip():
        raise HobanError(
            f"{file} is empty", "write it again; a detector that found nothing writes []"
        )
    if text.lstrip().startswith("["):
        yield from _of_coco(file, text)
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield _of_line(file, number, line)


def _of_line(file: Path, number: int, line: str) -> Prediction:
    place = f"line {number}"
    try:
        row = json.loads(line)
        return Prediction(
            place, row["file"], str(row["class_name"]), row["score"], row["box"], in_pixels=False
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        _refuse(file, place, f"is no detection ({type(error).__name__}: {error})")


def _of_coco(file: Path, text: str) -> Iterator[Prediction]:
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise HobanError(f"{file} is no whole JSON: {error}", "write the file again") from error
    for number, row in enumerate(rows):
        place = f"detection {number}"
        try:
            image, category, box = row["image_id"], str(row["category_id"]), row["bbox"]
            yield Prediction(place, image, category, row["score"], box, in_pixels=True)
        except (KeyError, TypeError) as error:
            _refuse(file, place, f"is no result of COCO ({type(error).__name__}: {error})")


def _refuse(file: Path, place: str, what: str) -> NoReturn:
    raise HobanError(
        f"{file}, {place}: {what}",
        'write COCO results, or lines of {"file", "class_name", "score", "box"} with the box '
        "x1 y1 x2 y2 in shares of the image",
    )


def _checked(file: Path, each: Prediction, size: np.ndarray) -> tuple[float, np.ndarray]:
    """Score and corners in shares of the image.

    Raises:
        HobanError: they are none.
    """
    score = number_in(each.score)
    if score is None or not 0 <= score <= 1:
        _refuse(file, each.place, f"the score {each.score!r} is no number from 0 to 1")
    numbers = [number_in(v) for v in each.box] if isinstance(each.box, list) else []
    if len(numbers) != 4 or None in numbers:
        _refuse(file, each.place, f"the box {each.box!r} is not four numbers")
    box = np.array(numbers, float)
    if each.in_pixels:
        box[2:] += box[:2]
        box /= np.tile(size, 2)
    if (box[2:] <= box[:2]).any():
        _refuse(file, each.place, f"the box {each.box!r} has no area")
    if box.min() < -SLACK or box.max() > 1 + SLACK:
        width, height = size.tolist()
        _refuse(
            file,
            each.place,
            f"the box {each.box!r} lies outside its image ({width} x {height} pixels); it may be "
            "of an image of another size",
        )
    return score, np.clip(box, 0, 1)


def _places(pictures: Pictures) -> dict[str, int]:
    """Every way to name a picture -> its position, where it names one only."""
    places: dict[str, int] = {}
    twice: set[str] = set()
    raw = map(Path, pictures.raw) if pictures.raw else pictures.files
    named = zip(pictures.files, raw, pictures.ids, strict=True)
    for number, (file, read_from, image_id) in enumerate(named):
        for key in {*_names(file), *_names(read_from), image_id}:
            if places.setdefault(key, number) != number:
                twice.add(key)
    return {key: number for key, number in places.items() if key not in twice}


def _names(file: Path) -> Iterable[str]:
    parts = file.parts
    yield from ("/".join(parts[-n:]) for n in range(1, min(len(parts), 8)))
    yield from (file.stem, str(file))
    if file.stem.isdecimal():
        yield str(int(file.stem))


def _image_keys(value: Any) -> Iterator[str]:
    """The path as it is written, then without what comes before it on another machine.

    Two parts must agree at least: many cameras have a picture 000.jpg.
    """
    parts = str(value).replace("\\", "/").removeprefix("./").split("/")
    yield "/".join(parts)
    yield from ("/".join(parts[start:]) for start in range(1, len(parts) - 1))
