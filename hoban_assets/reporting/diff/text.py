"""A difference in words: parts (a heading, a sentence, a table) for terminal and Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hoban_assets.language import Say
from hoban_assets.reporting.diff.difference import Difference
from hoban_assets.reporting.diff.words import RULES
from hoban_assets.reporting.markdown import markdown_rows

if TYPE_CHECKING:
    from hoban_assets.catalog.answers import Row


@dataclass(frozen=True)
class Part:
    """A heading, a sentence below it ('' for none), and a table (may be empty)."""

    title: str
    text: str = ""
    rows: Sequence[Row] = field(default_factory=list)
    columns: Mapping[str, str] | None = None
    """Headings of the columns where they are not the keys, for Markdown."""


def parts_of(found: Difference, say: Say) -> list[Part]:
    """Say what changed, the summary first; parts without content are left out."""
    old, new = found.old.name, found.new.name
    parts = [
        Part(heading(found, say), summary_text(found, say), _summary(found, say)),
        Part(
            say("Images of {old} that are not in {new}, by rule", old=old, new=new),
            rows=without_empty_columns(by_rule(found.removed_because, say)),
        ),
        Part(
            say("Images of {new} that were not in {old}, by rule", old=old, new=new),
            rows=without_empty_columns(by_rule(found.added_because, say)),
        ),
        Part(say("Per class (boxes)"), rows=_signed(found.classes)),
        Part(say("Per source"), rows=_sources(found)),
        Part(say("Moved between splits"), rows=found.splits),
        Part(say("Boxes whose class changed"), rows=found.relabelled),
        Part(
            say("Labels lost or won on common images, by rule"),
            rows=_boxes_by_rule(found.boxes_because, say),
        ),
        Part(
            say("The same photograph under another id"),
            say("Matched by the content of the file: same bytes, other source or path."),
            found.same_content,
        ),
    ]
    return [parts[0], *(part for part in parts[1:] if part.rows)]


def heading(found: Difference, say: Say) -> str:
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
                "meaning": meaning(row["rule"], row["cause"], say),
            },
        )
        line["images"] += row["images"]
        line["boxes"] += row["boxes"]
        sources = line["sources"]
        sources[row["source"]] = sources.get(row["source"], 0) + row["images"]
    rows = sorted(summed.values(), key=lambda r: -r["images"])
    return [r | {"sources": _listed(r["sources"])} for r in rows]


def meaning(rule: str, cause: str | None, say: Say) -> str | None:
    """A rule in words, with what led to it; None for a rule that has no words yet."""
    words = say(RULES[rule]) if rule in RULES else None
    return f"{words} ({cause})" if words and cause else words


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


def _signed(classes: Sequence[Row]) -> list[Row]:
    return [
        {
            "class_name": row["class_name"],
            "before": row["before"],
            "after": row["after"],
            "difference": f"{row['after'] - row['before']:+,}",
            **{
                key: row[key]
                for key in ("removed", "added", "to_other_class", "from_other_class", "moved")
            },
        }
        for row in classes
    ]


def _sources(found: Difference) -> list[Row]:
    columns = (
        "source",
        "images_before",
        "images_after",
        "removed",
        "added",
        "boxes_before",
        "boxes_after",
    )
    return [{key: row[key] for key in columns} for row in found.sources]


def _boxes_by_rule(reasons: Sequence[Row], say: Say) -> list[Row]:
    return [
        {
            "change": say(row["change"]),
            "rule": row["rule"],
            "decided_by": _decided_by(row),
            "threshold": _limit(row["threshold"]),
            "class_name": row["class_name"],
            "boxes": row["boxes"],
            "meaning": meaning(row["rule"], None, say),
        }
        for row in reasons
    ]


def without_empty_columns(rows: Sequence[Row]) -> list[Row]:
    """Leave out the columns that hold nothing in any row."""
    filled = [k for k in (rows[0] if rows else {}) if any(r[k] is not None for r in rows)]
    return [{k: row[k] for k in filled} for row in rows]


def as_markdown(parts: Sequence[Part], level: int = 2) -> str:
    """Join parts to one Markdown text, the first heading one level higher."""
    blocks = []
    for index, part in enumerate(parts):
        marks = "#" * (level if index else max(1, level - 1))
        table = markdown_rows(part.rows, part.columns) if part.rows else ""
        blocks += [f"{marks} {part.title}", part.text, table]
    return "\n\n".join(block for block in blocks if block) + "\n"
