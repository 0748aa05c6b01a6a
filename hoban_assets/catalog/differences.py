"""What differs between two materialisations, worked out inside DuckDB.

The SQL lies beside this file: ``differences.sql`` finds what belongs together,
``differences_boxes.sql`` what became of each box, ``differences_reasons.sql`` why something is
not there any more. `lay_out` runs them; afterwards the temporary tables ``diff_images``,
``diff_boxes``, ``diff_reasons`` and ``diff_box_reasons`` of that connection can be asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hoban_assets.catalog.asked import Ask

SAME_OBJECT_IOU = 0.5
"""Boxes that overlap this much are the same object (PASCAL VOC), as in curation.disagreements."""

_HERE = Path(__file__).parent
_NEXT_ROUND = """
INSERT INTO diff_matches
WITH free AS (
    FROM diff_overlaps
    ANTI JOIN (SELECT old_box FROM diff_matches) USING (old_box)
    ANTI JOIN (SELECT new_box FROM diff_matches) USING (new_box)
)
SELECT old_box, new_box FROM free
QUALIFY row_number() OVER (
        PARTITION BY old_box ORDER BY same_class DESC, iou DESC, old_box, new_box) = 1
    AND row_number() OVER (
        PARTITION BY new_box ORDER BY same_class DESC, iou DESC, old_box, new_box) = 1
"""


def lay_out(ask: Ask, old: int, new: int) -> None:
    """Compare two materialisations by id; fill the temporary tables of this connection.

    Images are matched by id, the rest by content. Boxes of an image are matched one to one:
    equal ones, then the same rectangle as an ignore region or under another class, then the same
    row of the same label file, then by overlap (IoU >= `SAME_OBJECT_IOU`, same class first, then
    best first). Equal ones come before rows, so that a line taken out of a label file shifts
    nothing.
    """
    ask("SET preserve_insertion_order = false")  # a tenth faster, and no table here has an order
    for name, value in (("old", old), ("new", new), ("iou", SAME_OBJECT_IOU)):
        ask(f"SET VARIABLE {name} = {value}")
    _run(ask, "differences.sql")
    # The best pair of all is the best of both its boxes, so every round matches at least one:
    # repeated until nothing is free, this is greedy matching, best first.
    while ask(_NEXT_ROUND)[0]["Count"]:
        pass
    _run(ask, "differences_boxes.sql")
    _run(ask, "differences_reasons.sql")


def _run(ask: Ask, file: str) -> None:
    for statement in _statements((_HERE / file).read_text(encoding="utf-8")):
        ask(statement)


def _statements(script: str) -> Iterator[str]:
    return (part for part in script.split(";\n") if part.strip())
