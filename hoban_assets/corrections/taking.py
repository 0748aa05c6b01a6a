"""From what a person did on a screen to a row of the log. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from hoban_assets.classes import CLASS_NAMES, exclude_each_other
from hoban_assets.corrections.edits import carried_over, is_same, matches, overlap
from hoban_assets.corrections.rows import Box, Boxes, Correction, Kind, checked
from hoban_assets.corrections.standing import Standing

SNAP = 0.05
"""Pixels by which a tool's rounding may move a corner without it being an edit."""
SAME_BOX = 0.9
"""IoU from which two boxes are around one object (`curation.contradictions`)."""
LEAST_INSIDE = 0.5
"""Share of a box that must lie inside its picture for the rest to be cut off (`formats.rows`)."""


@dataclass(frozen=True)
class Edited:
    """A picture as a person was shown it, and as they left it."""

    image_id: str
    content_hash: str
    width: int
    height: int
    shown: Boxes
    after: Boxes = ()
    rejected: bool = False
    accepted: bool = False
    """The labels were looked at and are right: said even where nothing changed. Without a box, and
    on a picture of a source that labels nothing, it says so of every class."""
    complete: tuple[str, ...] | None = None
    """Classes that are labelled completely on it, where the person said so."""


@dataclass(frozen=True)
class Now:
    """A picture as its stage has it in the catalog."""

    boxes: Boxes
    """Without those that a teacher added afterwards."""
    complete: tuple[str, ...]
    """Classes that its source labels completely."""
    taught: Boxes = ()
    """What a teacher added."""
    completed: tuple[str, ...] = ()
    """Classes that a teacher looked for."""


@dataclass(frozen=True)
class Maker:
    """Who corrects, with what, and when."""

    author: str
    tool: str
    time: datetime


class Refused(ValueError):
    """An edit that cannot be taken; the message says why, in words for the person who made it."""


def taken(
    edited: Edited, now: Now | None, log: Standing, by: Maker, new_id: str
) -> Correction | None:
    """Return the row for an edit; None where the picture is as the person wants it already.

    A teacher's boxes are judged where the picture is accepted or one of them was edited: those that
    stay are labels then, and no teacher looks for their classes on this picture any more.

    Edits are put on the labels of now. Where somebody else has changed the very box meanwhile, they
    are put on the labels as this person saw them: the later word stands, both rows are kept.

    Args:
        edited: what was shown and what came back.
        now: the picture in its stage; None where no stage has it (any more).
        log: the corrections of now, whose word on this picture the new one overrules.
        by: author, tool and time of the row.
        new_id: its id.

    Raises:
        Refused: no stage has the picture; an edited box is not there any more; a box is outside
            the picture; a class is unknown; two labels say of one object what excludes each other.
    """
    standing = log.of(edited.content_hash, edited.image_id)
    base, current = boxes_now(now, standing)
    if base is None or current is None:
        raise Refused("no stage in the catalog has this picture")
    known = standing.complete if standing else None
    complete = known if now and edited.complete in (None, now.complete) else edited.complete
    for name in edited.complete or ():
        if name not in CLASS_NAMES:  # the log would not be readable with it
            raise Refused(f"it names a class {name!r}, known are: {', '.join(CLASS_NAMES)}")
    kind: Kind = "reject" if edited.rejected else "boxes"
    result: Boxes = ()
    taught = now.taught if now else ()
    seen = current + taught
    if not edited.rejected:
        after = tuple(_inside(box) for box in edited.after)
        after = snapped(edited.shown, after, edited.width, edited.height)
        earlier = (row.after for row in reversed(log.rows) if row.picture == _picture(edited))
        states = [seen, *(state + taught for state in earlier), base + taught]
        result = _carried_over(edited.shown, after, states)
        _refuse_contradiction(result, seen)
        if now and taught and (edited.accepted or not set(taught) <= set(result)):
            complete = tuple(n for n in CLASS_NAMES if n in {*now.complete, *now.completed})
        else:
            result = tuple(box for box in result if box not in taught)
            seen = current
        if edited.accepted and now and not (result and now.complete):
            complete = CLASS_NAMES  # nothing is there, or there was no label to leave out a class
        if edited.accepted and is_same(result, base):
            kind = "accept"
    if complete == known and _says_nothing_new(kind, result, seen, standing, edited.accepted):
        return None
    return Correction(
        id=new_id,
        kind=kind,
        time=by.time,
        author=by.author,
        tool=by.tool,
        image_id=edited.image_id,
        content_hash=edited.content_hash,
        before=base,
        after=result,
        complete=complete,
        judged=standing.judged if standing and complete is None else (),
    )


def _says_nothing_new(
    kind: Kind, result: Boxes, current: Boxes, standing: Correction | None, accepted: bool
) -> bool:
    if kind == "reject":
        return standing is not None and standing.kind == "reject"
    if not is_same(result, current) or (standing and standing.kind == "reject"):
        return False
    return not accepted or (standing is not None and is_same(standing.after, result))


def _picture(edited: Edited) -> tuple[str, str]:
    return (edited.content_hash, edited.image_id)


def _carried_over(shown: Boxes, after: Boxes, states: Sequence[Boxes]) -> Boxes:
    """Put the edits on the first of `states` that has every edited box.

    Raises:
        Refused: none has.
    """
    missing: Box | None = None
    for state in states:
        result, lost = carried_over(state, shown, after)
        if not lost:
            return result
        missing = missing or lost[0]
    raise Refused(f"its labels were changed since it was shown: {missing} is not there any more")


def boxes_now(now: Now | None, standing: Correction | None) -> tuple[Boxes | None, Boxes | None]:
    """Boxes of the raw label, and boxes as they would come out of the next build.

    Both None where no stage has the picture and nobody corrected it.
    """
    if standing is None:
        return (now.boxes, now.boxes) if now else (None, None)
    after = standing.before if standing.kind == "reject" else standing.after
    if now is None or is_same(now.boxes, standing.after) or is_same(now.boxes, standing.before):
        return standing.before, after
    return now.boxes, now.boxes  # the raw label is another one now: the correction does not fit


def snapped(shown: Boxes, after: Boxes, width: int, height: int) -> Boxes:
    """Take back what a tool's rounding did to boxes that nobody touched."""
    tolerance = SNAP / max(1, min(width, height))
    same = {j: i for i, j in matches(shown, after, tolerance)}
    return tuple(shown[same[j]] if j in same else box for j, box in enumerate(after))


def _inside(box: Box) -> Box:
    """Cut off what reaches over the edge of the picture.

    Raises:
        Refused: less than half is inside, it has no area, or its class is unknown.
    """
    if not all(map(math.isfinite, box[1:5])):
        raise Refused(f"a box outside the picture: {box}")
    left, top, right, bottom = box.corners
    x1, y1 = max(0.0, left), max(0.0, top)
    x2, y2 = min(1.0, right), min(1.0, bottom)
    if (x1, y1, x2, y2) != (left, top, right, bottom):
        if not max(0.0, x2 - x1) * max(0.0, y2 - y1) >= LEAST_INSIDE * box.w * box.h > 0:
            raise Refused(f"a box outside the picture: {box}")
        box = box._replace(x=(x1 + x2) / 2, y=(y1 + y2) / 2, w=x2 - x1, h=y2 - y1)
    try:
        return checked(box)
    except ValueError as error:
        raise Refused(str(error)) from error


def _refuse_contradiction(boxes: Boxes, seen: Boxes) -> None:
    """A stage takes labels that exclude each other for no labels; a person chooses one of them.

    Raises:
        Refused: two labels do, and were not there before.
    """
    for one, other in combinations([box for box in boxes if not box.ignore], 2):
        if one in seen and other in seen:
            continue
        is_one = overlap(one, other) >= SAME_BOX
        if is_one and exclude_each_other(one.class_name, other.class_name):
            raise Refused(f"one object cannot be both: {one} and {other}")


def overruled_by(row: Correction, log: Standing, shown_at: datetime) -> Correction | None:
    """What somebody else said of the picture after it was shown, and `row` overrules now."""
    standing = log.of(row.content_hash, row.image_id)
    is_newer = standing is not None and standing.time > shown_at and standing.author != row.author
    return standing if is_newer else None
