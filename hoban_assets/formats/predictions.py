"""Files of predictions that were made elsewhere: COCO results, or JSON lines.

COCO results are a JSON list of ``{"image_id", "category_id", "bbox": [x, y, width, height],
"score"}`` in pixels; what their ids mean stands in a COCO file with ``images`` and ``categories``.
JSON lines hold one detection each: ``{"file", "class_name", "score", "box": [x1, y1, x2, y2]}``,
the file as its path below the raw root, the box as shares of the image.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from hoban_assets.errors import HobanError

COLUMNS = ("file", "class_name", "score", "left", "top", "right", "bottom", "row")
SLACK = 0.02
"""Share of the image by which a detector's box may reach beyond it; it is cut there."""
OTHER_SIZE = 0.01
"""Relative difference of the shape of two sizes from which on they are of different pictures."""


@dataclass(frozen=True)
class Found:
    """One prediction as it stands in the file, its box as shares of the image."""

    row: int
    file: str
    own: str
    score: Any
    box: Any


def read_predictions(
    path: Path,
    classes: Mapping[str, str],
    images: pd.DataFrame,
    described: Path | None = None,
    *,
    may_be_empty: bool = False,
) -> pd.DataFrame:
    """Read the predictions of the classes that are mapped, on the images that are asked for.

    Args:
        path: the file.
        classes: its own class names to ours; others are passed over.
        images: columns file (below the raw root), width, height (pixels as displayed).
        described: for COCO results, the COCO file whose ids they use.
        may_be_empty: a network that was asked just now may have seen nothing.

    Returns:
        Columns of `COLUMNS`, row counted from 0; boxes are corners, 0-1.

    Raises:
        HobanError: the file is no such file, none of its classes is mapped, it is of other
            pictures or of another size, or a box or a score cannot be one.
    """
    if not path.is_file():
        raise HobanError(
            f"there are no predictions at {path}",
            "put the file there, or name another one in `teachers` of the stage",
        )
    sizes = {f: (w, h) for f, w, h in zip(images.file, images.width, images.height, strict=True)}
    if may_be_empty and not path.stat().st_size:
        return pd.DataFrame(columns=list(COLUMNS))
    found = list(_found(path, described, sizes))
    _refuse_unmapped(path, classes, {each.own for each in found})
    _refuse_other_pictures(path, sizes, [each.file for each in found])
    rows = [
        (each.file, classes[each.own], _score(path, each), *_corners(path, each), each.row)
        for each in found
        if each.own in classes and each.file in sizes
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table[(table.right > table.left) & (table.bottom > table.top)].reset_index(drop=True)


def _found(path: Path, described: Path | None, sizes: Mapping[str, Any]) -> Iterator[Found]:
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    if not text.strip():
        raise HobanError(f"{path} is empty", "write the predictions again")
    if text.lstrip().startswith("["):
        yield from _of_coco(path, _parsed(path, text, 0), described, sizes)
        return
    for row, line in enumerate(text.splitlines()):
        if line.strip():
            value = _parsed(path, line, row)
            try:
                name, own = str(value["file"]), str(value["class_name"])
                yield Found(row, name.replace("\\", "/"), own, value["score"], value["box"])
            except (KeyError, TypeError) as error:
                raise _bad_row(path, row, "it lacks file, class_name, score or box") from error


def _of_coco(
    path: Path, results: Any, described: Path | None, sizes: Mapping[str, Any]
) -> Iterator[Found]:
    if described is None or not described.is_file():
        raise HobanError(
            f"{path} is a list of COCO results, whose image and category ids mean nothing here",
            "name the COCO file with their `images` and `categories` as `images` of the teacher",
        )
    names = _parsed(described, described.read_text(encoding="utf-8-sig", errors="replace"), 0)
    try:
        images = {str(i["id"]): i for i in names["images"]}
        own = {str(c["id"]): str(c["name"]) for c in names["categories"]}
        files = _matching({str(i["file_name"]) for i in images.values()}, sizes)
    except (KeyError, TypeError) as error:
        raise HobanError(
            f"{described} has no `images` and `categories` with id and name",
            "name the COCO file that the teacher was run on",
        ) from error
    for row, each in enumerate(results):
        try:
            image = images.get(str(each["image_id"]))
            x, y, width, height = map(float, each["bbox"])
            score, category = each["score"], own.get(str(each["category_id"]), "")
        except (KeyError, TypeError, ValueError) as error:
            raise _bad_row(path, row, "it is no COCO result") from error
        if image is None:
            continue
        file = files.get(str(image["file_name"]), "")
        if file in sizes:
            width_of, height_of = _same_shape(described, image, sizes[file])
            box = (x / width_of, y / height_of, (x + width) / width_of, (y + height) / height_of)
            yield Found(row, file, category, score, box)
        else:
            yield Found(row, "", category, score, (0, 0, 0, 0))


def _matching(names: Iterable[str], sizes: Mapping[str, Any]) -> dict[str, str]:
    """File name of a COCO file -> our file: as it is, else by its base name where that is one."""
    bases: dict[str, list[str]] = {}
    for file in sizes:
        bases.setdefault(file.rpartition("/")[2], []).append(file)
    found = {}
    for name in names:
        same = [name] if name in sizes else bases.get(name.rpartition("/")[2], [])
        if len(same) == 1:
            found[name] = same[0]
    return found


def _same_shape(
    described: Path, image: Mapping[str, Any], ours: tuple[int, int]
) -> tuple[float, float]:
    """Size that the boxes refer to: of the same picture, at any resolution."""
    try:
        width, height = (
            float(image.get(n) or o) for n, o in zip(("width", "height"), ours, strict=True)
        )
        if not (0 < width < math.inf and 0 < height < math.inf):
            raise ValueError
    except (TypeError, ValueError):
        raise HobanError(
            f"{described} says no size of {image['file_name']} in pixels: "
            f"{image.get('width')} x {image.get('height')}",
            "write width and height as numbers, or leave them out",
        ) from None
    if all(ours) and abs(width / height * ours[1] / ours[0] - 1) > OTHER_SIZE:
        raise HobanError(
            f"{described} says that {image['file_name']} has {width:.0f}x{height:.0f} pixels; here "
            f"it is {ours[0]}x{ours[1]}",
            "run the teacher on the pictures of this raw root, upright as they are displayed",
        )
    return width, height


def _refuse_unmapped(path: Path, classes: Mapping[str, str], own: set[str]) -> None:
    if own and not own & set(classes):
        raise HobanError(
            f"none of the classes of {path} ({', '.join(sorted(own)[:10])}) is mapped to one of "
            f"ours: `classes` of the teacher names {', '.join(sorted(classes))}",
            "write its own class names into `classes`, exactly as they stand in the file",
        )


def _refuse_other_pictures(path: Path, sizes: Mapping[str, Any], files: list[str]) -> None:
    if not sizes or set(files) & set(sizes):
        return
    raise HobanError(
        f"{path} holds predictions of other pictures: none of its {len(set(files)):,} files is "
        f"among the {len(sizes):,} of this stage (there: {files[0] if files else '-'}; "
        f"here: {next(iter(sizes))})",
        "run the teacher on the raw root, with files named by their path below it",
    )


def _score(path: Path, found: Found) -> float:
    score = number_in(found.score)
    if score is None or not 0 <= score <= 1:
        raise _bad_row(path, found.row, f"its score is {found.score}, and no number from 0 to 1")
    return score


def _corners(path: Path, found: Found) -> tuple[float, float, float, float]:
    numbers = [number_in(value) for value in found.box] if _is_list(found.box) else []
    box = [value for value in numbers if value is not None]
    if len(numbers) != 4 or len(box) != 4:
        raise _bad_row(path, found.row, f"its box {found.box} has no four numbers")
    left, top, right, bottom = box
    if not all(-SLACK <= value <= 1 + SLACK for value in box) or left > right or top > bottom:
        text = ", ".join(f"{value:g}" for value in box)
        raise _bad_row(
            path,
            found.row,
            f"its box [{text}] does not lie in the picture {found.file}: corners as shares of the "
            "image are asked for, or it was made from a picture of another size",
        )
    left, top, right, bottom = (min(max(value, 0.0), 1.0) for value in box)
    return left, top, right, bottom


def number_in(value: object) -> float | None:
    """A number of JSON as float; None for anything else: nan, infinity, true, text."""
    is_one = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_one and math.isfinite(value) else None  # type: ignore[arg-type]


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)


def _parsed(path: Path, text: str, row: int) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _bad_row(path, row, f"it is no JSON ({error})") from error


def _bad_row(path: Path, row: int, what: str) -> HobanError:
    return HobanError(
        f"{path}, row {row + 1}: {what}", "correct that row, or write the predictions again"
    )
