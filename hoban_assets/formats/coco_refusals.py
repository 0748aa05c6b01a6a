"""What a COCO JSON holds that cannot be read, entry by entry or as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from hoban_assets.errors import HobanError
from hoban_assets.formats.coco_index import (
    Annotations,
    Categories,
    key_of,
)
from hoban_assets.formats.shifted import LEAST_STRANGE, counts_from_elsewhere

_LISTED_ONE_BY_ONE = 100
"""Images of a JSON that are not on disk, recorded singly; the rest share one decision: the JSON
of a whole part beside a small choice of its images is common."""


@dataclass(frozen=True)
class Problem:
    """An entry of a JSON that names no image to read."""

    path: str
    rule: str
    action: str
    file: str
    row: int | None
    value: str


def refuse_unclear(path: str, classes: Mapping[str, str], categories: Categories) -> None:
    """Refuse a JSON that gives one id two names, of which one is a class that is used.

    Args:
        path: of the JSON, as it is shown.
        classes: the source's own classes to what they are used as.
        categories: of the JSON.

    Raises:
        HobanError: the names of an id are used as different classes, or only some are used.
    """
    for index, names in categories.unclear.items():
        if len({classes.get(name) for name in names}) > 1:
            key = next(k for k, place in categories.position.items() if place == index)
            raise HobanError(
                f"{path}: category id {key} has the names {', '.join(map(repr, names))}; which of "
                "them a row means is not known",
                "give each category an id of its own in the JSON, or export it again; two files "
                "that were put together had different lists",
            )


def refuse_shifted(path: str, rows: Annotations, categories: Categories) -> None:
    """Refuse a JSON whose rows count categories from another number than its list does.

    Raises:
        HobanError: see `counts_from_elsewhere`.
    """
    strange = int((rows.category < 0).sum())
    if strange < LEAST_STRANGE:
        return
    used = {key_of(value) for value in rows.raw_categories}
    side = counts_from_elsewhere(used, categories.position)
    if side is not None:
        raise HobanError(
            f"{path}: category_id counts one {side} than the list of categories; {strange} rows "
            "name none of them",
            "correct the ids in the JSON; as it is every row would get its neighbour's class",
        )


def absent_problems(file: str, absent: Iterable[tuple[int, str, str]]) -> Iterator[Problem]:
    """Entries whose image is not read: the first ones singly, the rest in one.

    Args:
        file: path of the JSON below the source.
        absent: row of the entry, the rule, and the name that stands there.
    """
    singly = 0
    rest: list[str] = []
    for row, rule, name in absent:
        if rule == "image_missing" and singly >= _LISTED_ONE_BY_ONE:
            rest.append(name)
            continue
        singly += rule == "image_missing"
        path = file if rule == "path_outside" else name
        yield Problem(path, rule, "drop", file, row, name)
    if rest:
        value = f"{len(rest)} more images are not on disk, the first is {rest[0]}"
        yield Problem(file, "image_missing", "drop", file, None, value)
