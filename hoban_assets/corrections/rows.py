"""One correction: a picture, its labels before and after, who, when, with what.

A correction is about the labels of a whole picture: so it either fits what the raw label says now,
or it does not, and two people who corrected one picture have not left a mixture of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple, TypeAlias

from hoban_assets.classes import CLASS_NAMES

Kind: TypeAlias = Literal["boxes", "reject", "accept", "undo"]
KINDS: tuple[Kind, ...] = ("boxes", "reject", "accept", "undo")

EQUAL = 1e-6
"""Shares of the image that are the same place: what six decimals of a label file keep."""


class Box(NamedTuple):
    """A label or ignore region; centre and size are shares of the displayed image, 0-1."""

    class_name: str
    x: float
    y: float
    w: float
    h: float
    ignore: bool = False

    @property
    def corners(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        return (
            self.x - self.w / 2,
            self.y - self.h / 2,
            self.x + self.w / 2,
            self.y + self.h / 2,
        )

    def is_at(self, other: Box, tolerance: float = EQUAL) -> bool:
        """Whether both are the same place, whatever they say of it."""
        return all(abs(a - b) <= tolerance for a, b in zip(self[1:5], other[1:5], strict=True))

    def says_as(self, other: Box) -> bool:
        """Whether class and flag are the same."""
        return (self.class_name, self.ignore) == (other.class_name, other.ignore)

    def __str__(self) -> str:
        """``person 0.5 0.5 0.1 0.2``, an ignore region with ``(ignore)``."""
        place = " ".join(f"{value:.6g}" for value in self[1:5])
        return f"{self.class_name} {place}{' (ignore)' if self.ignore else ''}"


Boxes: TypeAlias = tuple[Box, ...]


@dataclass(frozen=True)
class Correction:
    """One row of the log; see `KINDS`."""

    id: str
    """32 hex digits."""
    kind: Kind
    time: datetime
    """UTC."""
    author: str
    tool: str
    image_id: str = ""
    content_hash: str = ""
    """xxh3-128 of the file's bytes."""
    before: Boxes = ()
    """All boxes of the picture as its raw label has them, when it was corrected."""
    after: Boxes = ()
    """All boxes as the person left them; of 'accept' those of `before`, of 'reject' none."""
    complete: tuple[str, ...] | None = None
    """Classes that the person says are labelled completely here; None: as the source says."""
    judged: Boxes = ()
    """Boxes that a model proposed and that were decided on: labels, or refused."""
    undoes: str = ""
    """Id of the row that this one takes back ('undo')."""

    @property
    def picture(self) -> tuple[str, str]:
        """What is corrected: the same bytes under the same id."""
        return (self.content_hash, self.image_id)

    def as_json(self) -> dict[str, Any]:
        """The row as it is written."""
        head = {
            "id": self.id,
            "kind": self.kind,
            "time": self.time.isoformat(),
            "author": self.author,
            "tool": self.tool,
        }
        if self.kind == "undo":
            return {**head, "undoes": self.undoes}
        body: dict[str, Any] = {
            "image_id": self.image_id,
            "content_hash": self.content_hash,
            "before": [list(box) for box in self.before],
            "after": [list(box) for box in self.after],
        }
        if self.complete is not None:
            body["complete"] = self.complete
        if self.judged:
            body["judged"] = [list(box) for box in self.judged]
        return {**head, **body}


def correction_from(line: Mapping[str, Any]) -> Correction:
    """Read one row.

    Raises:
        ValueError: it is none; the message says what is wrong with it.
    """
    try:
        kind = line["kind"]
        if kind not in KINDS:
            raise ValueError(f"unknown kind {kind!r}")
        complete = line.get("complete")
        time = datetime.fromisoformat(line["time"])
        row = Correction(
            id=str(line["id"]),
            kind=kind,
            time=time if time.tzinfo else time.replace(tzinfo=UTC),
            author=str(line["author"]),
            tool=str(line["tool"]),
            image_id="" if kind == "undo" else str(line["image_id"]),
            content_hash="" if kind == "undo" else str(line["content_hash"]),
            before=_boxes(line.get("before", ())),
            after=_boxes(line.get("after", ())),
            complete=None if complete is None else tuple(_class(name) for name in complete),
            judged=_boxes(line.get("judged", ())),
            undoes=str(line["undoes"]) if kind == "undo" else "",
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no row of a correction ({error!r})") from error
    return row


def checked(box: Box) -> Box:
    """Return a box that may be a label.

    Raises:
        ValueError: its class is unknown, it has no area, or it does not lie inside the image.
    """
    _class(box.class_name)
    left, top, right, bottom = box.corners
    if not (box.w > 0 and box.h > 0):
        raise ValueError(f"a box without area: {box}")
    if not (left >= -EQUAL and top >= -EQUAL and right <= 1 + EQUAL and bottom <= 1 + EQUAL):
        raise ValueError(f"a box outside the image: {box}")
    return box


def _boxes(rows: Any) -> Boxes:
    return tuple(
        checked(Box(str(name), float(x), float(y), float(w), float(h), bool(ignore)))
        for name, x, y, w, h, ignore in rows
    )


def _class(name: Any) -> str:
    if name not in CLASS_NAMES:
        raise ValueError(f"no class {name!r}, known: {', '.join(CLASS_NAMES)}")
    return str(name)
