"""Findings about what the readers could not use: images that are broken, rows that are no box."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from hoban_assets.reporting.inspection.figures import Inspection
from hoban_assets.rules import defects
from hoban_assets.units import share_text

SERIOUS, DOUBTFUL, NOTE = "serious", "doubtful", "note"
SEVERITIES = (SERIOUS, DOUBTFUL, NOTE)
LOST_SHARE = 0.05
"""Share of images or boxes whose loss is serious."""


@dataclass(frozen=True)
class Finding:
    """One sentence and its remedy. Texts are English keys with {fields}, filled in from `facts`.

    A list among the facts holds pairs: a text to be said, and what belongs to it.
    """

    severity: str
    share: float
    """Of the images or boxes it is about; 0-1. Orders findings of one severity."""
    text: str
    remedy: str
    facts: Mapping[str, object] = field(default_factory=dict)


def broken(seen: Inspection) -> Iterator[Finding]:
    """Images that do not decode."""
    count = len(seen.unreadable)
    if count:
        share = count / max(1, seen.images)
        yield Finding(
            SERIOUS if share >= LOST_SHARE else DOUBTFUL,
            share,
            "Images that cannot be read: {count} ({share}), for instance {file} ({reason}).",
            "They are left out. If they matter, copy or download them again.",
            {"count": count, "share": share_text(share), **seen.unreadable[0]},
        )


def lost(seen: Inspection) -> Iterator[Finding]:
    """Images and rows of labels that the readers leave out."""
    table = {(row["rule"], row["action"]): row for row in seen.defects}
    for rule, text, remedy in _LOST_IMAGES:
        row = table.get((rule, "drop"))
        if row is not None:
            share = row["images"] / max(1, seen.images)
            serious = share >= LOST_SHARE or rule == "background_has_label"
            facts = {"count": row["images"], "share": share_text(share), **row["examples"][0]}
            yield Finding(SERIOUS if serious else DOUBTFUL, share, text, remedy, facts)
    for rule, text, remedy in _LOST_BOXES:
        row = table.get((rule, "drop"))
        if row is not None:
            share = row["boxes"] / max(1, seen.boxes)
            facts = {"count": row["boxes"], "share": share_text(share), **row["examples"][0]}
            serious = share >= LOST_SHARE or rule == "class_out_of_range"
            yield Finding(SERIOUS if serious else DOUBTFUL, share, text, remedy, facts)
    yield from _paths(seen)
    yield from _other_images(seen)
    other = [r for r in seen.defects if r["boxes"] and r["rule"] not in _OWN_FINDINGS]
    boxes = sum(r["boxes"] for r in other if not r["images"])
    if boxes:
        share = boxes / max(1, seen.boxes)
        rules = ", ".join(f"{r['rule']} {r['boxes']:,}" for r in other if not r["images"])
        yield Finding(
            SERIOUS if share >= LOST_SHARE else DOUBTFUL,
            share,
            "Rows of labels left out as they are no sound box: {count} ({share}); {rules}.",
            "Nothing has to be done; see the table of defects for examples.",
            {"count": boxes, "share": share_text(share), "rules": rules},
        )


def _other_images(seen: Inspection) -> Iterator[Finding]:
    """Images that were left out by rules that have no sentence of their own here."""
    counted = defects("image") - _OWN_FINDINGS
    rows = [r for r in seen.defects if r["images"] and r["rule"] in counted]
    if rows:
        count = sum(r["images"] for r in rows)
        share = count / max(1, seen.images)
        rules = ", ".join(f"{r['rule']} {r['images']:,}" for r in rows)
        yield Finding(
            SERIOUS if share >= LOST_SHARE else DOUBTFUL,
            share,
            "Images that are left out as it is not sure what is on them: {count} ({share}); "
            "{rules}, for instance {file}.",
            "See the table of defects for what each rule means.",
            {"count": count, "share": share_text(share), "rules": rules, **rows[0]["examples"][0]},
        )


def _paths(seen: Inspection) -> Iterator[Finding]:
    """Labels without an image, and paths that were not followed."""
    for rule, text, remedy in _NOT_READ:
        rows = [r for r in seen.defects if r["rule"] == rule and not r["images"]]
        if rows:
            count = sum(r["count"] for r in rows)
            share = count / max(1, seen.images + count)
            facts = {"count": count, **rows[0]["examples"][0]}
            yield Finding(DOUBTFUL, share, text, remedy, facts)


_NOT_READ = (
    (
        "image_missing",
        "Labels without their image: {count}, for instance in {file}.",
        "They are left out. If the images should be there, the copy is not complete.",
    ),
    (
        "path_outside",
        "Paths or links that lead out of the folder: {count}, for instance {file}.",
        "They are not followed. Copy the files into the folder if they belong to it.",
    ),
    (
        "not_read",
        "Images, labels or archives in it that are not read: {count}, for instance {file} "
        "({value}).",
        "Nothing of them is trained. If they belong to the set, lay them out as the others are.",
    ),
)
_LOST_IMAGES = (
    (
        "label_missing",
        "Images without a label: {count} ({share}), for instance {file}.",
        "They are left out. If the labels exist, put them beside the images under the same name.",
    ),
    (
        "label_unparseable",
        "Label files that cannot be parsed: {count} ({share} of the images), for instance {file}.",
        "Their images are left out. Copy the files again; they may have been cut off.",
    ),
    (
        "background_has_label",
        "Called background, but with rows in a label: {count} images ({share}), for instance "
        "{file}.",
        "They show an object and are left out. Teaching them as empty would harm the model.",
    ),
)
_LOST_BOXES = (
    (
        "class_out_of_range",
        "Rows whose class is not in the list of classes: {count} ({share}), for instance in "
        "{file}: {value}",
        "The labels may belong to another list of classes (data.yaml, categories): compare them "
        "before you use any class of this source.",
    ),
    (
        "size_mismatch",
        "Boxes whose picture has another size than their label says: {count} ({share}), for "
        "instance {file}: {value}.",
        "These boxes are left out: on which of the two they were drawn is not known. Get the "
        "pictures in the size in which they were labelled, or correct the sizes in the labels.",
    ),
    (
        "frame_unknown",
        "Boxes on pictures of which other boxes lie outside: {count} ({share}), for instance "
        "{file}: {value}.",
        "These boxes are left out: they may have been drawn on larger pictures. Get those, or "
        "scale the labels.",
    ),
    (
        "encoding_differs",
        "Boxes whose four numbers mean something else than the format says: {count} ({share}), "
        "for instance {file}: {value}",
        "All boxes of the source are left out. Convert the labels: YOLO has centre, width and "
        "height as shares; COCO has x, y, width and height; AI Hub has two corners.",
    ),
    (
        "other_unit",
        "Boxes in another unit than the format has (shares, percent, pixels): {count} ({share}), "
        "for instance {file}: {value}",
        "They are left out. Convert the labels: YOLO has shares of the picture, COCO and AI Hub "
        "have pixels.",
    ),
    (
        "confidence_row",
        "Rows that a model wrote (with a confidence or a track number): {count} ({share}), for "
        "instance {file}: {value}",
        "Their images are left out, as they would be trained half labelled. Take labels that a "
        "person has checked.",
    ),
)
_OWN_FINDINGS = frozenset({"undecodable", *(rule for rule, *_ in (*_LOST_IMAGES, *_LOST_BOXES))})
