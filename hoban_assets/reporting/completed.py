"""What teachers added to a stage or dataset: counts by class, band and verdict, as a document."""

from __future__ import annotations

from collections.abc import Sequence

from hoban_assets.catalog.asked import Ask, Row
from hoban_assets.curation.completion.verdicts import VERDICTS
from hoban_assets.errors import HobanError
from hoban_assets.howto import build_all
from hoban_assets.language import Say, retold
from hoban_assets.reporting.blocks import Block, Columns, Heading, Paragraph, listing

BAND_RULES = ("teacher_box", "teacher_unsure", "body_missing", "teacher_same_object")
"""Rules of a completion that have something to show, the surest band first."""
WORDS = {
    "head_found": "its labelled head is at its top",
    "no_head": "no labelled head fits it",
    "several_heads": "several labelled heads fit it: a group",
    "head_of_another": "the labelled head in it belongs to a better box",
    "body_found": "a labelled person has it at the top",
    "no_body": "no labelled person has it at the top",
    "body_missing": "below a labelled head without a body",
    "same_object": "a labelled object of another class is there",
    "": "nothing beside it is labelled that could be asked",
}
"""Verdict of the cross-check -> what it means."""


def counts(ask: Ask, asset: str, partition: str) -> list[Row]:
    """Count what was added: class_name, cross_check, boxes, regions, images, least and mean score.

    Raises:
        HobanError: no teacher has added anything to this asset.
    """
    rows = ask(_COUNTS, {"asset": asset, "partition": partition})
    if not rows:
        known = [row["asset"] for row in ask(_COMPLETED, {"partition": partition})]
        raise HobanError(
            f"no teacher has added anything to {asset} [{partition}]",
            f"completed are: {', '.join(known)}"
            if known
            else build_all("helmet_60k_completed", partition),
        )
    order = {verdict: place for place, verdict in enumerate((*VERDICTS, ""))}
    return sorted(rows, key=lambda r: (r["class_id"], order.get(r["cross_check"], 99)))


def document(
    asset: str, partition: str, rows: Sequence[Row], checks: Sequence[str], say: Say
) -> list[Block]:
    """Tell the counts, and what the check says of the limits."""
    columns: Columns[Row] = {
        "class": lambda row: say(row["class_name"]),
        "cross-check": lambda row: say(WORDS[row["cross_check"]]),
        "boxes": "boxes",
        "ignore regions": "regions",
        "images": "images",
        "mean score": "score",
    }
    title = say("What teachers added to {asset} [{partition}]", asset=asset, partition=partition)
    return [
        Heading(1, title),
        listing(rows, columns, say),
        *(Paragraph(retold(text, say)) for text in checks),
    ]


def check_texts(ask: Ask, asset: str, partition: str) -> list[str]:
    """What the check of the completion said when it was built: totals and chosen limits."""
    rows = ask(_CHECK, {"asset": asset, "partition": partition})
    return [row["text"] for row in rows]


_COUNTS = """
SELECT class_id, class_name, coalesce(cross_check, '') AS cross_check,
       count(*) FILTER (NOT is_ignore_region) AS boxes,
       count(*) FILTER (is_ignore_region) AS regions,
       count(DISTINCT image_id) AS images, round(avg(score), 3) AS score
FROM teacher_boxes
WHERE asset = $asset AND partition = $partition
GROUP BY ALL
"""
_COMPLETED = """
SELECT DISTINCT asset FROM teacher_boxes WHERE partition = $partition ORDER BY asset
"""
_CHECK = """
SELECT text FROM checks
WHERE asset = $asset AND partition = $partition AND name = 'labels_completed'
"""
