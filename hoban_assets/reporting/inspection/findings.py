"""From the tables of an inspection to sentences: what is wrong, how much, and what to do.

Limits below are where a team would stop and look; none of them changes any data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.howto import declare
from hoban_assets.reporting.inspection.clip_findings import clip_findings
from hoban_assets.reporting.inspection.figures import ALL, IGNORE_REGION, Inspection
from hoban_assets.reporting.inspection.losses import (
    DOUBTFUL,
    NOTE,
    SERIOUS,
    SEVERITIES,
    Finding,
    broken,
    lost,
)
from hoban_assets.reporting.inspection.overlap import KINDS
from hoban_assets.reporting.sizes import BANDS
from hoban_assets.units import share_text

LEAK_SHARE = 0.01
"""Above it a split of its own is worth nothing: a few per cent of known pictures lift mAP."""
DUPLICATE_SHARE = 0.1
SMALL = BANDS[:3]  # below 1 % of the image
SMALL_SHARE = 0.3
EMPTY_SHARE = 0.2
CROWDED_SHARE = 0.05
_SHAPES = frozenset({"polygon_to_box", "obb_to_box"})
UNEVEN = 10
"""Boxes of the largest class for one of the smallest."""


def findings(seen: Inspection) -> list[Finding]:
    """All findings, worst first."""
    found = [finding for rule in _RULES for finding in rule(seen)]
    return sorted(found, key=lambda f: (SEVERITIES.index(f.severity), -f.share))


def _leaks(seen: Inspection) -> Iterator[Finding]:
    """One finding: each kind of leak with the shares of the parts."""
    if not seen.leakage:
        return
    share = max(row["share"] for row in seen.leakage)
    leaks = []
    for kind, name in KINDS.items():
        rows = [row for row in seen.leakage if row["kind"] == kind]
        pairs = [
            f"{r['split']} / {r['other']} {share_text(r['share'])} ({r['images']})" for r in rows
        ]
        leaks += [(name, ", ".join(pairs))] if rows else []
    yield Finding(
        SERIOUS if share >= LEAK_SHARE else DOUBTFUL,
        share,
        "Its own split leaks: so much of a part is also in another one: {leaks}.",
        "Trust no result that was measured on its split. Datasets built here split anew and "
        "keep such images on one side. hoban audit-split shows the pairs and a clean split.",
        {"leaks": leaks},
    )


def _copies(seen: Inspection) -> Iterator[Finding]:
    copies = seen.duplicates
    if not copies or not copies["extra"]:
        return
    share = copies["extra"] / max(1, seen.images)
    yield Finding(
        SERIOUS if share >= DUPLICATE_SHARE else DOUBTFUL,
        share,
        "Copies of other images, byte by byte: {extra} ({share}); groups of copies: {groups}, the "
        "largest of {most} images.",
        "The deduplication of a dataset keeps one of each (field 'similarity' of a recipe); it "
        "removes near-duplicates as well, which are not counted here.",
        {
            "extra": copies["extra"],
            "share": share_text(share),
            "groups": copies["groups"],
            "most": copies["largest"][0]["images"] if copies["largest"] else 0,
        },
    )
    if copies["differing"]:
        yield Finding(
            SERIOUS,
            copies["differing"] / max(1, copies["groups"]),
            "Groups of copies whose labels differ: {count}, for instance {files}.",
            "One of the labels is wrong: look at the pictures before you trust this source.",
            {
                "count": copies["differing"],
                "files": " / ".join(copies["differing_example"]["files"][:2]),
            },
        )


def _small(seen: Inspection) -> Iterator[Finding]:
    becomes = {row["class"]: row["becomes"] for row in seen.classes}
    names = {row["class"]: _named(seen, row) for row in seen.classes}
    for row in seen.size_bands:
        if row["class"] == ALL:
            if any(b and b != IGNORE_REGION for b in becomes.values()):
                continue
            ours = None
        elif (ours := becomes[row["class"]]) is None:
            continue
        count = sum(row[band] for band in SMALL)
        share = count / max(1, row["boxes"])
        if share >= SMALL_SHARE:
            name = names.get(row["class"], ALL)
            facts = {
                "count": count,
                "share": share_text(share),
                "name": name,
                "ours": ours or "CLASS",
            }
            text = (
                "{share} of the boxes ({count}) are smaller than 1 % of the image."
                if ours is None
                else "{share} of the boxes of '{name}' ({count}) are smaller than 1 % of the image."
            )
            remedy = (
                "At 640 pixels that is below 64 x 64. If it is too small to learn, a recipe can "
                "ignore such boxes: area: {{{ours}: {{least: 0.01}}}}"
            )
            yield Finding(DOUBTFUL, share, text, remedy, facts)


def _content(seen: Inspection) -> Iterator[Finding]:
    """What the source is made of: empty images, crowds, unused and uneven classes."""
    spread = seen.boxes_per_image
    share = spread["none"] / max(1, seen.images_kept)
    if seen.format != "background" and share >= EMPTY_SHARE:
        yield Finding(
            NOTE,
            share,
            "Images without a box: {count} ({share}).",
            "A stage leaves them out. Whether they show nothing is not known: use only verified "
            "ones as background.",
            {"count": spread["none"], "share": share_text(share)},
        )
    for name, count in spread["above_10"].items():
        share = count / max(1, seen.images_kept)
        if share >= CROWDED_SHARE:
            yield Finding(
                DOUBTFUL,
                share,
                "Images with more than ten of '{name}': {count} ({share}). In crowds many are not "
                "labelled.",
                "A recipe leaves out images with too many persons: max_persons: 10",
                {"count": count, "share": share_text(share), "name": name},
            )
    shaped = sum(row["count"] for row in seen.defects if row["rule"] in _SHAPES)
    if shaped:
        share = shaped / max(1, seen.boxes)
        yield Finding(
            NOTE,
            share,
            "Polygons or turned boxes among the rows: {count} ({share}).",
            "Each becomes the upright box around it; around a turned box that is larger than the "
            "object.",
            {"count": shaped, "share": share_text(share)},
        )
    empty = [_named(seen, row) for row in seen.classes if not row["boxes"]]
    if empty:
        yield Finding(
            NOTE,
            len(empty) / len(seen.classes),
            "Classes without a box: {count} of {of}: {names}.",
            "Nothing has to be done.",
            {"count": len(empty), "of": len(seen.classes), "names": _some(empty)},
        )
    nameless = [c["class"] for c in seen.classes if not any(map(str.isalpha, c["class"]))]
    if nameless and len(nameless) < len(seen.classes) and seen.format in {"yolo", "coco"}:
        yield Finding(
            DOUBTFUL,
            0.0,
            "Class names that say nothing: {names}.",
            "Look at some of their boxes before you use or ignore them.",
            {"names": _some(nameless)},
        )
    yield from _balance(seen)


def _balance(seen: Inspection) -> Iterator[Finding]:
    used = [row for row in seen.classes if row["becomes"] not in {None, IGNORE_REGION}]
    rows = [row for row in used or seen.classes if row["boxes"]]
    if len(rows) > 1:
        largest, smallest = max(rows, key=_boxes), min(rows, key=_boxes)
        if _boxes(largest) >= UNEVEN * _boxes(smallest):
            yield Finding(
                NOTE,
                1 - _boxes(smallest) / _boxes(largest),
                "Uneven: '{largest}' has {most} boxes, '{smallest}' {least}.",
                "Quotas of a recipe even this out as far as there are enough boxes.",
                {
                    "largest": _named(seen, largest),
                    "most": _boxes(largest),
                    "smallest": _named(seen, smallest),
                    "least": _boxes(smallest),
                },
            )


def _named(seen: Inspection, row: Mapping[str, Any]) -> str:
    """A class with what it means, where its name is a number."""
    means = row["text"] if seen.format in {"aihub", "widerperson"} else ""
    return f"{row['class']} ({means})" if means else str(row["class"])


def _boxes(row: Mapping[str, Any]) -> int:
    return int(row["boxes"])


def _use(seen: Inspection) -> Iterator[Finding]:
    for note in seen.notes:
        yield Finding(DOUBTFUL, 0.0, note["text"], note["remedy"], note["facts"])
    unused = [row for row in seen.classes if row["becomes"] is None and row["boxes"]]
    if seen.declared_as is None:
        yield Finding(
            NOTE,
            0.0,
            "No recipe reads this folder.",
            "To use it, put it below the raw root (HOBAN_RAW_ROOT) and let its entry be written: "
            "{command}. Then name {name} in the `stages` of a recipe.",
            {"command": declare(seen.folder), "name": seen.proposed_name},
        )
        if seen.format == "background":
            yield Finding(
                DOUBTFUL,
                0.0,
                "A background says of every picture that none of our classes is in it.",
                "Declare it only after a person has looked at every picture.",
            )
        elif seen.classes:
            yield Finding(
                NOTE,
                0.0,
                "Its own classes: {names}.",
                "The entry takes those that are called as ours. Write into its `classes` which of "
                "ours the others are, for instance {own}: person; ours are {ours}.",
                {
                    "names": _some([row["class"] for row in seen.classes]),
                    "own": repr(seen.classes[0]["class"]),
                    "ours": ", ".join(CLASS_NAMES),
                },
            )
    elif unused:
        boxes = sum(map(_boxes, unused))
        share = boxes / max(1, seen.boxes_kept)
        yield Finding(
            NOTE,
            share,
            "Boxes of classes that no recipe uses: {count} ({share}): {names}.",
            "Nothing has to be done; they are counted and left out.",
            {
                "count": boxes,
                "share": share_text(share),
                "names": _some([_named(seen, row) for row in unused]),
            },
        )
    if not seen.opened_images:
        yield Finding(
            NOTE,
            0.0,
            "Images were not opened: duplicates, unreadable images and wrong sizes are not known.",
            "Run it again without --no-images.",
        )


def _some(names: list[str], most: int = 8) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:most])
    return f"{shown} ... (+{len(names) - most})" if len(names) > most else shown


def _groups(seen: Inspection) -> Iterator[Finding]:
    yield from clip_findings(seen.groups_by_name, seen.images_kept)


_RULES: tuple[Callable[[Inspection], Iterator[Finding]], ...] = (
    _leaks,
    _groups,
    broken,
    lost,
    _copies,
    _small,
    _content,
    _use,
)
