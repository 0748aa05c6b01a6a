"""A difference between two builds as a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hoban_assets.catalog.asked import Row
from hoban_assets.language import Say
from hoban_assets.reporting.blocks import Block, Heading, Paragraph, table, without_empty_columns
from hoban_assets.reporting.diff.difference import Difference
from hoban_assets.rules import short
from hoban_assets.units import Difference as Signed

EXAMPLES = {
    "removed": "Examples: not there any more",
    "added": "Examples: new",
    "splits": "Examples: other split",
    "boxes": "Examples: boxes",
}
"""Kind of `examples` -> title."""
SOURCE_COLUMNS = (
    "source",
    "images_before",
    "images_after",
    "removed",
    "added",
    "boxes_before",
    "boxes_after",
)


def document(
    found: Difference, say: Say, listed: Mapping[str, Sequence[Row]] | None = None
) -> Iterator[Block]:
    """Say what changed, the summary first; `listed` are `examples`. Empty parts are left out."""
    old, new = found.old.name, found.new.name
    yield Heading(1, heading(found))
    yield Paragraph(summary_text(found, say))
    yield table(_summary(found, say), None, say)
    chapters: dict[str, Sequence[Row]] = {
        say("Images of {old} that are not in {new}, by rule", old=old, new=new): by_rule(
            found.removed_because, say
        ),
        say("Images of {new} that were not in {old}, by rule", old=old, new=new): by_rule(
            found.added_because, say
        ),
        say("Per class (boxes)"): [_with_difference(row) for row in found.classes],
        say("Per source"): [{key: row[key] for key in SOURCE_COLUMNS} for row in found.sources],
        say("Moved between splits"): found.splits,
        say("Boxes whose class changed"): found.relabelled,
        say("Labels lost or won on common images, by rule"): _boxes_by_rule(
            found.boxes_because, say
        ),
        say("The same photograph under another id"): found.same_content,
        **{say(EXAMPLES[kind]): rows for kind, rows in (listed or {}).items()},
    }
    for title, rows in chapters.items():
        if rows:
            yield Heading(2, title)
            if rows is found.same_content:
                text = "Matched by the content of the file: same bytes, other source or path."
                yield Paragraph(say(text))
            yield table(without_empty_columns(rows), None, say)


def heading(found: Difference) -> str:
    """``dataset_v8@4 -> dataset_v9@6``, with partition and date."""
    sides = (
        f"{side.name} [{side.partition}] {side.created_at:%Y-%m-%d %H:%M} UTC"
        for side in (found.old, found.new)
    )
    return " → ".join(sides)


def summary_text(found: Difference, say: Say) -> str:
    """One to three sentences: what it comes to."""
    images, boxes = found.images, found.boxes
    if found.old.materialization_id == found.new.materialization_id:
        return say("Both are the same materialisation.")
    if found.is_same:
        return say("Images, boxes and splits are the same.")
    sentences = [
        say(
            "{removed:,} images left, {added:,} came, {common:,} are in both.",
            removed=images["removed"],
            added=images["added"],
            common=images["common"],
        )
    ]
    if images["same_content"]:
        sentences.append(
            say(
                "{count:,} of the common ones have another id on each side and were matched by "
                "content.",
                count=images["same_content"],
            )
        )
    if changed := boxes["class_changed"] + boxes["moved"] - boxes["class_changed_and_moved"]:
        sentences.append(
            say("{count:,} boxes have another class or another place now.", count=changed)
        )
    if found.old.prescale != found.new.prescale:
        sizes = [str(side.prescale) if side.prescale else "-" for side in (found.old, found.new)]
        sentences.append(
            say(
                "Photographs are scaled to another size when published: {old} → {new} pixels.",
                old=sizes[0],
                new=sizes[1],
            )
        )
    if seen := found.val["trained_on_before"]:
        sentences.append(
            say(
                "{count:,} validation images of {new} were training images of {old}: a model of "
                "{old} must not be judged on them.",
                count=seen,
                old=found.old.name,
                new=found.new.name,
            )
        )
    return " ".join(sentences)


def by_rule(reasons: Sequence[Row], say: Say) -> list[Row]:
    """Sum reasons over sources: rule, where it was decided, images, boxes, sources, meaning."""
    summed: dict[tuple[object, ...], Row] = {}
    for row in reasons:
        key = tuple(row[name] for name in ("rule", "cause", "asset", "stage", "threshold"))
        line = summed.setdefault(
            key,
            {
                "rule": row["rule"],
                "decided_by": _decided_by(row),
                "threshold": _limit(row["threshold"]),
                "images": 0,
                "boxes": 0,
                "sources": {},
                "meaning": _meaning(row["rule"], row["cause"], say),
            },
        )
        line["images"] += row["images"]
        line["boxes"] += row["boxes"]
        sources = line["sources"]
        sources[row["source"]] = sources.get(row["source"], 0) + row["images"]
    rows = sorted(summed.values(), key=lambda r: -r["images"])
    return [r | {"sources": _listed(r["sources"])} for r in rows]


def _meaning(rule: str, cause: str | None, say: Say) -> str:
    """A rule in words, with what led to it."""
    return f"{short(rule, say)} ({cause})" if cause else short(rule, say)


def _decided_by(row: Row) -> str | None:
    return "/".join(text for text in (row["asset"], row["stage"]) if text) or None


def _limit(threshold: float | None) -> str | None:
    return None if threshold is None else f"{threshold:g}"


def _listed(counts: Mapping[str, int], most: int = 3) -> str:
    """``coco 12, helmet_60k 3 +2``: the largest ones, and how many others."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    text = ", ".join(f"{name} {count:,}" for name, count in ordered[:most])
    return f"{text} +{len(ordered) - most}" if len(ordered) > most else text


def _summary(found: Difference, say: Say) -> list[Row]:
    """From the old total to the new one, then what changed within."""
    images, boxes, old, new = found.images, found.boxes, found.old, found.new
    lines: list[tuple[str, int | str | None, int | str | None]] = [
        (old.name, old.images, old.boxes),
        (say("− not there any more"), -images["removed"], -boxes["gone_with_images"]),
        (say("+ new"), images["added"], boxes["come_with_images"]),
        (say("− labels removed on common images"), None, -boxes["removed"]),
        (say("+ labels added on common images"), None, boxes["added"]),
        (say("− became ignore regions"), None, -boxes["to_ignore"]),
        (say("+ were ignore regions"), None, boxes["from_ignore"]),
        (new.name, new.images, new.boxes),
        (say("class changed"), None, boxes["class_changed"]),
        (say("box moved"), None, boxes["moved"]),
        (say("other split"), images["moved_split"], None),
        (say("same id, other file"), images["other_file"], None),
    ]
    always = {old.name, new.name}
    return [
        {"change": what, "images": i, "boxes": b}
        for what, i, b in lines
        if what in always or i or b
    ]


def _with_difference(row: Row) -> Row:
    before, after = row["before"], row["after"]
    counts = {"before": before, "after": after, "difference": Signed(after - before)}
    return {"class_name": row["class_name"], **counts, **row}


def _boxes_by_rule(reasons: Sequence[Row], say: Say) -> list[Row]:
    return [
        {
            "change": say(row["change"]),
            "rule": row["rule"],
            "decided_by": _decided_by(row),
            "threshold": _limit(row["threshold"]),
            "class_name": row["class_name"],
            "boxes": row["boxes"],
            "meaning": _meaning(row["rule"], None, say),
        }
        for row in reasons
    ]
