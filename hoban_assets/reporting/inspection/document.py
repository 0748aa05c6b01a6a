"""An inspection as a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from hoban_assets.catalog.asked import Row
from hoban_assets.formats.detect import LOOKED_FOR, Detection
from hoban_assets.language import Say
from hoban_assets.reporting.blocks import (
    Block,
    Finding,
    Heading,
    Paragraph,
    bullets,
    table,
    without_empty_columns,
)
from hoban_assets.reporting.inspection.figures import ALL, Inspection
from hoban_assets.reporting.inspection.findings import findings
from hoban_assets.reporting.inspection.losses import DOUBTFUL, NOTE, SERIOUS
from hoban_assets.reporting.inspection.overlap import KINDS
from hoban_assets.reporting.sizes import BANDS
from hoban_assets.rules import meaning
from hoban_assets.units import share_text

_LONGEST = 60


LEVELS: Mapping[str, Literal["bad", "warn", "info"]] = {
    SERIOUS: "bad",
    DOUBTFUL: "warn",
    NOTE: "info",
}


def said(say: Say, text: str, facts: Mapping[str, object]) -> str:
    """A text with its fields filled in: numbers with thousands separators, fields said too."""
    values = {name: _word(say, value) for name, value in facts.items()}
    return say(text, **values) if values else say(text)


def _word(say: Say, value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, list):
        return "; ".join(f"{say(what)}: {which}" for what, which in value)
    return value


def findings_as_rows(seen: Inspection, say: Say) -> list[Row]:
    """Findings, worst first: severity, share, text, what_to_do."""
    return [
        {
            "severity": finding.severity,
            "share": round(finding.share, 4),
            "text": said(say, finding.text, finding.facts),
            "what_to_do": said(say, finding.remedy, finding.facts),
        }
        for finding in findings(seen)
    ]


def headline(seen: Inspection, found: Detection | None, say: Say) -> list[str]:
    """What was read, in a few lines."""
    lines = [f"{seen.source}   {seen.folder}"]
    if found is not None:
        reason = said(say, found.reason, found.facts)
        lines.append(say("Format: {format} ({reason})", format=seen.format, reason=reason))
    elif seen.declared_as:
        lines.append(say("Format: {format} (as declared)", format=seen.format))
    else:
        lines.append(say("Format: {format} (as told by --format)", format=seen.format))
    if seen.declared_as:
        lines.append(say("Recipes read it as source '{name}'.", name=seen.declared_as))
    counts = {
        "images": f"{seen.images:,}",
        "kept": f"{seen.images_kept:,}",
        "labels": f"{seen.label_files:,}",
        "boxes": f"{seen.boxes:,}",
        "sound": f"{seen.boxes_kept:,}",
    }
    lines.append(
        say(
            "{images} images ({kept} usable), {labels} label files, {boxes} boxes ({sound} sound)",
            **counts,
        )
    )
    sizes = seen.image_sizes
    if sizes["known"]:
        frequent = ", ".join(
            f"{r['width']}x{r['height']} ({share_text(r['images'] / sizes['known'])})"
            for r in sizes["frequent"][:3]
        )
        lines.append(
            say(
                "Image sizes: {distinct}, from {smallest} to {largest}; most frequent {frequent}",
                distinct=f"{sizes['distinct']:,}",
                smallest=_size(sizes["smallest"]),
                largest=_size(sizes["largest"]),
                frequent=frequent,
            )
            if sizes["distinct"] > 1
            else say("All images have {size} pixels", size=_size(sizes["largest"]))
        )
    if found is not None and found.near:
        lines.append(said(say, found.near, found.facts))
    return lines


def _size(sides: Sequence[int]) -> str:
    return "x".join(map(str, sides))


def document(seen: Inspection, found: Detection | None, say: Say) -> Iterator[Block]:
    """The findings first, then the tables they come from, in the order of looking at them."""
    yield from map(Paragraph, headline(seen, found, say))
    yield Heading(2, say("Findings, worst first"))
    rows = findings_as_rows(seen, say)
    if not rows:
        yield Paragraph(say("Nothing was found to be wrong."))
    for number, row in enumerate(rows, 1):
        severity = row["severity"]
        told = f"{number}. [{say(severity)}] {row['text']}"
        yield Finding(LEVELS[severity], told, [row["what_to_do"]])
    if seen.classes:
        yield Heading(2, say("Classes of the source, and what recipes make of them"))
        yield table(_classes(seen), None, say)
    if seen.size_bands:
        yield Heading(2, say("Boxes by size, share of the image"))
        yield table(_bands(seen, say), None, say)
    if any(row["split"] != "-" for row in seen.splits):
        yield Heading(2, say("Its own split"))
        yield table(seen.splits, None, say)
    if seen.leakage:
        yield Heading(2, say("Leakage between its splits"))
        yield table(_leakage(seen, say), None, say)
        pairs = [pair for row in seen.leakage for pair in row["examples"][:1]]
        yield bullets(f"{pair['file']}  =  {pair['counterpart']}" for pair in pairs)
    if seen.duplicates and seen.duplicates["groups"]:
        yield Heading(2, say("Copies, the largest groups"))
        groups = seen.duplicates["largest"]
        copies = [{**group, "file": "  |  ".join(group["files"][:3])} for group in groups]
        yield table(copies, ["images", "file"], say)
    if seen.defects:
        yield Heading(2, say("Defects of labels and images, by rule"))
        yield table(_defects(seen, say), None, say)
        yield Heading(2, say("Examples of defects"))
        yield table(_examples(seen), None, say)


def _classes(seen: Inspection) -> list[Row]:
    """Columns that hold nothing are left out."""
    rows = [
        {
            "class": row["class"],
            "said of it": _short(row["text"]) or None,
            "becomes": row["becomes"] or "",
            "boxes": row["boxes"],
            "images": row["images"],
            "ignore regions": row["ignore"] or None,
            "median size": "-" if row["median_area"] is None else share_text(row["median_area"]),
        }
        for row in seen.classes
    ]
    return [{**row, "becomes": row["becomes"] or None} for row in without_empty_columns(rows)]


def _bands(seen: Inspection, say: Say) -> list[Row]:
    return [
        {
            "class": say("all classes") if row["class"] == ALL else row["class"],
            "boxes": row["boxes"],
            **{band: share_text(row[band] / row["boxes"]) if row[band] else "-" for band in BANDS},
        }
        for row in seen.size_bands
    ]


def _leakage(seen: Inspection, say: Say) -> list[Row]:
    return [
        {
            "what": say(KINDS[row["kind"]]),
            "split": row["split"],
            "also in": row["other"],
            "images": row["images"],
            "share of split": share_text(row["share"]),
            "groups": row["groups"],
        }
        for row in seen.leakage
    ]


def _defects(seen: Inspection, say: Say) -> list[Row]:
    return [
        {
            "rule": row["rule"],
            "action": row["action"],
            "count": row["count"],
            "images lost": row["images"] or None,
            "boxes lost": row["boxes"] or None,
            "meaning": meaning(row["rule"], say),
        }
        for row in seen.defects
    ]


def _examples(seen: Inspection) -> list[Row]:
    return [
        {
            "rule": row["rule"],
            "row": example["row"],
            "value": _short(example["value"] or ""),
            "file": example["file"],
        }
        for row in seen.defects
        for example in row["examples"]
    ]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def nothing_fits(found: Detection, say: Say) -> tuple[str, str]:
    """What is wrong with a folder that no reader fits, and the way out."""
    kinds = ", ".join(f"{n:,} {suffix}" for suffix, n in found.suffixes.items())
    reason = said(say, found.reason, found.facts)
    problem = f"{found.folder}: {reason}. " + say(
        "It holds: {kinds}", kinds=kinds or say("nothing")
    )
    looked = "\n    ".join(f"{name:<12} {say(text)}" for name, text in LOOKED_FOR.items())
    hint = f"{said(say, found.near, found.facts)}\n  " if found.near else ""
    return problem, f"{hint}{say('looked for:')}\n    {looked}"
