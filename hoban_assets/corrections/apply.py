"""Brings corrections to the rows of a stage, as decisions; what does not fit is reported."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from hoban_assets.classes import CLASS_IDS
from hoban_assets.corrections.edits import edits, is_same, matches
from hoban_assets.corrections.rows import Box, Boxes, Correction
from hoban_assets.samples import Samples
from hoban_assets.tables import BOXES_SCHEMA, DECISIONS_SCHEMA, frame_of

STAGE = "corrections"
NOT_APPLIED = ("correction_picture_gone", "correction_picture_changed", "correction_label_changed")
"""Rules of corrections that are reported and not applied (`action` 'review')."""
_PLACE = ["x_center", "y_center", "width", "height"]


@dataclass(frozen=True)
class Applied:
    """Rows after the corrections, and how many boxes people added."""

    samples: Samples
    boxes_added: int
    vouched: frozenset[str] = frozenset()
    """Ids of the pictures of which a person has said what is on them: later steps believe that."""


def apply_corrections(
    samples: Samples, corrections: Sequence[Correction], listed: Collection[str]
) -> Applied:
    """Apply each correction to the pictures with its bytes. Pure.

    A picture is the same where id and bytes are. Under another id (renamed, or a copy in another
    source) the same bytes are corrected where their boxes are those that the person corrected.
    Not applied, with a decision `action` 'review' that says why: a correction whose picture is
    not among `listed` and whose bytes were not read; one whose file has other bytes now; one
    whose picture has other boxes now than it had when it was corrected.

    Args:
        samples: rows as read, with content hashes.
        corrections: those that stand; at most one a picture.
        listed: ids of every image file of the sources, those that were not read among them.

    Returns:
        Boxes that a person drew or changed have origin 'human'; of 'box_added' row is -1. A
        copy that is corrected with the picture that a person saw is not vouched for: nobody has
        said that it should stay beside it.
    """
    if not corrections:
        return Applied(samples, 0)
    work = _Work(samples)
    own = {(row.content_hash, row.image_id) for row in corrections}
    for row in corrections:
        ids = work.with_bytes(row.content_hash)
        if row.image_id in ids:
            work.correct(row, row.image_id)
        elif row.image_id in work.hashes:
            work.refuse(row, "correction_picture_changed", "its file has other bytes now")
        elif row.image_id not in listed and not ids:
            work.refuse(row, "correction_picture_gone", "no file of this name or with its bytes")
        is_renamed = row.image_id not in work.hashes
        for other in ids:
            if other != row.image_id and (row.content_hash, other) not in own:
                work.correct_copy(row, other, vouched=is_renamed)
    return work.done()


class _Work:
    """What was changed so far; the tables are put together once, at the end."""

    def __init__(self, samples: Samples) -> None:
        self.samples = samples
        images = samples.images
        self.hashes = dict(zip(images.image_id, images.content_hash, strict=True))
        self._ids: dict[str, list[str]] = {}
        for image_id, content_hash in self.hashes.items():
            self._ids.setdefault(content_hash, []).append(image_id)
        self._files = dict(zip(images.image_id, images.label_file, strict=True))
        self._rows = samples.boxes.row.tolist()
        self._positions = samples.boxes.groupby("image_id", sort=False).indices
        self._gone: list[int] = []
        self._new: list[dict[str, Any]] = []
        self._decisions: list[dict[str, Any]] = []
        self._rejected: set[str] = set()
        self._complete: dict[str, tuple[str, ...]] = {}
        self._vouched: set[str] = set()
        self._added = 0

    def with_bytes(self, content_hash: str) -> list[str]:
        return self._ids.get(content_hash, [])

    def correct(self, row: Correction, image_id: str) -> None:
        now = self._boxes(image_id)
        if not is_same(now, row.before) and row.kind != "reject":
            seen = f"{len(now)} boxes now, {len(row.before)} when it was corrected"
            if len(now) == len(row.before):
                seen = "its boxes are not those that were corrected"
            self.refuse(row, "correction_label_changed", seen)
            return
        self._apply(row, image_id, now)

    def correct_copy(self, row: Correction, image_id: str, *, vouched: bool) -> None:
        now = self._boxes(image_id)
        if row.kind == "reject" or is_same(now, row.before):
            self._apply(row, image_id, now, vouched=vouched)

    def refuse(self, row: Correction, rule: str, seen: str) -> None:
        self._decide(row, row.image_id, rule, seen, action="review")

    def _apply(self, row: Correction, image_id: str, now: Boxes, *, vouched: bool = True) -> None:
        if row.kind == "reject":
            self._rejected.add(image_id)
            self._decide(row, image_id, "picture_rejected", images=1, boxes=len(now))
            return
        if vouched:
            self._vouched.add(image_id)
        if row.complete is not None:
            self._complete[image_id] = row.complete
            said = f"complete for {', '.join(row.complete) or 'no class'}"
            self._decide(row, image_id, "classes_complete", said)
        changed = edits(row.before, row.after)
        if refused := sum(box not in row.after for box in row.judged):
            self._decide(row, image_id, "proposals_refused", f"{refused} boxes")
        if not changed and not row.judged:
            self._decide(row, image_id, "picture_accepted", f"{len(now)} boxes")
        at = {i: j for j, i in matches(now, row.before)}
        for edit in changed:
            was = None if edit.before is None else row.before[edit.before]
            new = None if edit.after is None else row.after[edit.after]
            position = None if edit.before is None else self._positions[image_id][at[edit.before]]
            self._change(row, image_id, edit.rule, was, new, position)

    def _change(
        self,
        row: Correction,
        image_id: str,
        rule: str,
        was: Box | None,
        new: Box | None,
        position: int | None,
    ) -> None:
        raw_row = -1 if position is None else self._rows[position]
        if position is not None:
            self._gone.append(position)
        if new is not None:
            self._new.append(
                {
                    "image_id": image_id,
                    "class_id": CLASS_IDS[new.class_name],
                    "class_name": new.class_name,
                    **dict(zip(_PLACE, new[1:5], strict=True)),
                    "area": new.w * new.h,
                    "origin": "human",
                    "ignore": new.ignore,
                    "row": raw_row,
                }
            )
        self._added += was is None
        said = " -> ".join(str(box) for box in (was, new) if box is not None)
        removed = 1 if new is None else 0
        self._decide(row, image_id, rule, said, boxes=removed, raw_row=raw_row)

    def _decide(
        self,
        row: Correction,
        image_id: str,
        rule: str,
        seen: str = "",
        *,
        action: str = "correct",
        images: int = 0,
        boxes: int = 0,
        raw_row: int = -1,
    ) -> None:
        by = f"{row.author}, {row.time:%Y-%m-%d}, {row.tool}, {row.id[:8]}"
        self._decisions.append(
            {
                "image_id": image_id,
                "stage": STAGE,
                "rule": rule,
                "action": action,
                "file": self._files.get(image_id),
                "row": raw_row if raw_row >= 0 else None,
                "value": f"{seen} ({by})" if seen else by,
                "images_removed": images,
                "boxes_removed": boxes,
            }
        )

    def _boxes(self, image_id: str) -> Boxes:
        positions = self._positions.get(image_id, ())
        return boxes_of(self.samples.boxes.iloc[list(positions)])

    def done(self) -> Applied:
        keep = np.ones(len(self.samples.boxes), bool)
        keep[self._gone] = False
        kept = self.samples.boxes[keep]
        parts = [kept, _frame(self._new, BOXES_SCHEMA)] if self._new else [kept]
        boxes = pd.concat(parts, ignore_index=True)
        images = self.samples.images
        if self._complete:
            pairs = zip(images.image_id, images.labelled_classes, strict=True)
            said = [self._complete.get(image_id, classes) for image_id, classes in pairs]
            images = images.assign(labelled_classes=pd.Series(said, images.index, dtype=object))
        out = self._rejected
        after = replace(
            self.samples,
            images=images[~images.image_id.isin(out)].reset_index(drop=True),
            boxes=boxes[~boxes.image_id.isin(out)].reset_index(drop=True),
        )
        decisions = _frame(self._decisions, DECISIONS_SCHEMA)
        vouched = frozenset(self._vouched - out)
        return Applied(after.with_decisions(decisions), self._added, vouched)


def boxes_of(rows: pd.DataFrame) -> Boxes:
    """Boxes of one picture (columns of BOXES_SCHEMA) as corrections hold them."""
    columns = (rows[name].tolist() for name in ("class_name", *_PLACE, "ignore"))
    return tuple(Box(*values) for values in zip(*columns, strict=True))


def _frame(rows: list[dict[str, Any]], schema: Any) -> pd.DataFrame:
    names = rows[0] if rows else ()
    return frame_of({name: [row[name] for row in rows] for name in names}, schema)
