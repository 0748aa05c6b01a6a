"""`sub` of a stage, taken from its `full` where that is built: the same decisions, fewer images.

Copies are looked for among all images that are read, so of a part fewer are found, or others stay.
Where `full` of the same stage is in the catalog, made from the same files by the same code and
engine, `sub` is therefore those of its rows whose images `sub` reads. Guaranteed then: every image
of `sub` is in `full`, with the same boxes and `group_id`, and what is missing has the decision
that took it out of `full`.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from hoban_assets.samples import Samples

_SAME = ["image_id", "stage", "rule", "action", "file", "row", "images_removed", "boxes_removed"]
"""Columns in which a decision of `full` is one that reading `sub` has made already. What was seen
is left out: it may count images of the whole source."""


def rows_in_full(read: Samples, full: Samples) -> Samples:
    """Return the rows of `full` on the images that `read` holds, with what `full` decided on them.

    Args:
        read: as the readers return it, with their decisions.
        full: the stage of partition full, with its decisions.
    """
    ids = read.images.image_id
    images, boxes, decided = (
        table[table.image_id.isin(ids)].reset_index(drop=True)
        for table in (full.images, full.boxes, full.decisions)
    )
    known = _numbered(read.decisions).merge(_numbered(decided).reset_index(), on=[*_SAME, "nth"])
    new = decided.drop(known["index"]).reset_index(drop=True)
    return replace(read, images=images, boxes=boxes).with_decisions(new)


def _numbered(decisions: pd.DataFrame) -> pd.DataFrame:
    """Number equal decisions, so that two of a kind are not taken for one."""
    nth = decisions.groupby(_SAME, dropna=False, observed=True).cumcount()
    return decisions[_SAME].assign(nth=nth)
