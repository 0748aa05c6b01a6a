"""The check that a source as a whole means what its format says: ``rows_readable``.

A fault of single rows is dropped or put right row by row. The same fault on many rows of a source
says that its rows mean something else, and then the rows that look sound are wrong, too. A source
is refused where one of these shares is above `MOST_SHARE` and at least `LEAST` rows (images) have
it:

- of its rows: class of no list; corners in the wrong order; no box at all, of another unit or
  encoding, with more numbers than a box; outside the picture; contradicted by their own outline;
- of its images: a stated size that is not that of the file and that no row proves, or width and
  height swapped; labels that cannot be parsed; ids or names that stand for two images.

Pictures that were reduced after labelling count as doubtful only where their own boxes do not
prove it: an export that reduced every picture is in order.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from hoban_assets.curation.checks import Check
from hoban_assets.language import Say, plain
from hoban_assets.samples import Samples

MOST_SHARE = 0.05
"""Chosen, not measured: a wrong list, unit or encoding shows in nearly every row. Of eleven sources
of real photographs none has such a fault; in the drawn sample the largest share is 2 rows of 44."""
LEAST = 3
"""Rows or images, so that one slip in a folder of ten images does not stop a build."""

OF_ROWS: Mapping[str, frozenset[str]] = {
    "rows of no class": frozenset({"class_out_of_range", "category_unclear"}),
    "corners swapped": frozenset({"corners_swapped"}),
    "rows that are no box": frozenset(
        {"box_malformed", "other_unit", "confidence_row", "half_labelled", "encoding_differs"}
    ),
    "boxes without a width or a height": frozenset({"box_empty"}),
    "boxes outside the picture": frozenset({"outside_image", "frame_unknown"}),
    "boxes that contradict their outline": frozenset({"box_contradicted"}),
}
"""What is counted by rows, and by which rules."""
OF_IMAGES: Mapping[str, frozenset[str]] = {
    "sizes that are not those of the files": frozenset(
        {"size_mismatch", "frame_of_file", "size_transposed"}
    ),
    "labels that cannot be parsed": frozenset({"label_unparseable"}),
    "names that stand for two images": frozenset({"identity_unclear"}),
}
"""What is counted by images, and by which rules."""


def rows_readable(samples: Samples, say: Say = plain) -> Check:
    """No source has too many rows or images of one fault; see the module for the limits.

    Args:
        samples: of a stage, with the decisions of reading and of the image facts.
        say: puts the text in the words of its reader.
    """
    decisions = samples.decisions
    decisions = decisions[decisions.stage.isin(["read", "facts"])]
    source = _sources(decisions)
    rows, images = _totals(samples)
    bad, worst = [], 0.0
    for kinds, totals, by_image in ((OF_ROWS, rows, False), (OF_IMAGES, images, True)):
        for text, rules in kinds.items():
            mine = decisions.rule.isin(rules)
            table = pd.DataFrame({"source": source[mine], "image": decisions.image_id[mine]})
            table = table.drop_duplicates() if by_image else table
            for name, count in table.source.value_counts().sort_index().items():
                of = int(totals.get(name, 0))
                share = count / max(1, of)
                worst = max(worst, share if count >= LEAST else 0.0)
                if count >= LEAST and share > MOST_SHARE:
                    bad.append(
                        say(
                            "{source}: {what} {count} of {of}",
                            source=name,
                            what=say(text),
                            count=f"{count:,}",
                            of=f"{of:,}",
                        )
                    )
    fine = say("no source has more than {limit} rows or images of one fault", limit="5 %")
    numbers = {"faults": float(len(bad)), "worst_share": worst}
    return Check("rows_readable", not bad, "; ".join(bad) or fine, numbers=numbers)


def _totals(samples: Samples) -> tuple[pd.Series, pd.Series]:
    """Rows of used classes, and images, that each source had when it was read."""
    images, decisions = samples.images, samples.decisions
    source = _sources(decisions)
    others = decisions.rule == "class_not_used"
    gone = (
        decisions.assign(source=source, boxes_removed=decisions.boxes_removed.where(~others, 0))
        .groupby("source")[["boxes_removed", "images_removed"]]
        .sum()
    )
    of_box = images.set_index("image_id").source.reindex(samples.boxes.image_id)
    rows = of_box.value_counts().add(gone.boxes_removed, fill_value=0)
    return rows, images.source.value_counts().add(gone.images_removed, fill_value=0)


def _sources(decisions: pd.DataFrame) -> pd.Series:
    names = [str(image_id).partition("/")[0] for image_id in decisions.image_id]
    return pd.Series(names, index=decisions.index, dtype=object)
