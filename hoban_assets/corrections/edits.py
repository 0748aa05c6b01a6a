"""What a person did to the boxes of a picture: moved, added, removed, said otherwise. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hoban_assets.corrections.rows import EQUAL, Box, Boxes, Correction

SAME_OBJECT = 0.1
"""IoU from which two boxes of one picture may be the same object, moved by hand."""


class Edit(NamedTuple):
    """One box that is not as it was; positions are those in `before` and `after`."""

    rule: str
    """'box_moved', 'class_changed', 'ignore_changed', 'box_added' or 'box_removed'."""
    before: int | None
    after: int | None


def matches(before: Boxes, after: Boxes, tolerance: float = EQUAL) -> list[tuple[int, int]]:
    """Boxes that say the same of the same place, one to one: positions in both."""
    left = list(range(len(after)))
    found = []
    for i, box in enumerate(before):
        j = next((j for j in left if box.says_as(after[j]) and box.is_at(after[j], tolerance)), -1)
        if j >= 0:
            left.remove(j)
            found.append((i, j))
    return found


def is_same(before: Boxes, after: Boxes) -> bool:
    """Whether both are the same boxes, in whatever order."""
    return len(before) == len(after) == len(matches(before, after))


def edits(before: Boxes, after: Boxes) -> list[Edit]:
    """Tell what was done, in the order of `before`, then what was added.

    A box at the same place that says something else changed its class or its flag; else boxes are
    paired by their overlap (of one class first), and what has no pair was removed or added.
    """
    same = matches(before, after)
    gone = [i for i in range(len(before)) if i not in {i for i, _ in same}]
    new = [j for j in range(len(after)) if j not in {j for _, j in same}]
    ranked = sorted(
        (
            (before[i].says_as(after[j]), share, -i, -j)
            for i in gone
            for j in new
            if (share := overlap(before[i], after[j])) >= SAME_OBJECT
        ),
        reverse=True,
    )
    pairs: dict[int, int] = {}
    for _, _, i, j in ranked:
        if -i not in pairs and -j not in pairs.values():
            pairs[-i] = -j
    found = [
        Edit(_rule(before[i], after[pairs[i]]), i, pairs[i])
        if i in pairs
        else Edit("box_removed", i, None)
        for i in gone
    ]
    added = [Edit("box_added", None, j) for j in new if j not in pairs.values()]
    return [*found, *added]


def counted(pictures: Iterable[tuple[Boxes, Boxes]]) -> Counter[str]:
    """Count boxes by what was done to them (`Edit.rule`), given all before and after."""
    return Counter(edit.rule for before, after in pictures for edit in edits(before, after))


def overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    a, b = one.corners, other.corners
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (one.w * one.h + other.w * other.h - shared)


def carried_over(base: Boxes, shown: Boxes, after: Boxes) -> tuple[Boxes, list[Box]]:
    """Bring edits that were made on `shown` to the boxes of `base`.

    A dataset shows fewer boxes of a picture than its stage has, and calls some of them ignore
    regions. So an edit names a box by its place, and all that was not shown stays as it is.

    Args:
        base: boxes of the picture as its stage has them.
        shown: boxes that the person saw.
        after: boxes as the person left them.

    Returns:
        Boxes of the stage afterwards, and the boxes of `shown` that were edited and that `base`
        does not have (then the edit cannot be carried over).
    """
    result: list[Box | None] = list(base)
    left: list[Box | None] = list(base)  # without those that an edit was of already
    lost: list[Box] = []
    added: list[Box] = []
    for edit in edits(shown, after):
        new = None if edit.after is None else after[edit.after]
        if edit.before is None:
            added += [new] if new else []
            continue
        seen = shown[edit.before]
        at = _place_in(left, seen)
        if at is None:
            lost.append(seen)
            continue
        left[at] = None
        was = result[at]
        if new is not None and was is not None and new.ignore == seen.ignore:
            new = new._replace(ignore=was.ignore)  # the dataset's rule, not the person's edit
        result[at] = new
    return tuple(box for box in (*result, *added) if box is not None), lost


def on_screen(drawn: Boxes, row: Correction) -> Boxes:
    """Boxes of a picture with a correction, where its build may not hold that yet.

    Args:
        drawn: as a stage or dataset has them.
        row: the correction that stands for the picture.
    """
    if row.kind == "reject":
        return drawn
    new = [e for e in edits(row.before, row.after) if e.after is not None]
    if new and all(_is_built(edit, row.after, drawn) for edit in new):
        return drawn
    result, lost = carried_over(drawn, row.before, row.after)
    return drawn if lost else result


def _is_built(edit: Edit, after: Boxes, drawn: Boxes) -> bool:
    """Whether what an edit led to is there; a recipe may make an ignore region of it."""
    box = after[edit.after or 0]
    there = [b for b in drawn if b.is_at(box) and b.class_name == box.class_name]
    return any(b.ignore == box.ignore or edit.rule != "ignore_changed" for b in there)


def _place_in(boxes: Sequence[Box | None], seen: Box) -> int | None:
    alike = [i for i, box in enumerate(boxes) if box is not None and box.is_at(seen)]
    named = [i for i in alike if (box := boxes[i]) and box.class_name == seen.class_name]
    same = [i for i in named if (box := boxes[i]) and box.ignore == seen.ignore]
    return next(iter([*same, *named, *alike]), None)


def _rule(before: Box, after: Box) -> str:
    if before.class_name != after.class_name:
        return "class_changed"
    return "ignore_changed" if before.ignore != after.ignore else "box_moved"
