"""What a raw folder holds, before anything is built from it: tables, all computed from rows.

`inspect_rows` is pure: a `Gathered` in, an `Inspection` of plain rows out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain, count
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from hoban_assets.formats.gather import Gathered
from hoban_assets.formats.naming import nfc
from hoban_assets.reporting.inspection.clips import groups_by_name
from hoban_assets.reporting.inspection.overlap import duplicates, leakage
from hoban_assets.reporting.sizes import AREA_BANDS, BANDS

Rows: TypeAlias = list[dict[str, Any]]

IGNORE_REGION = "(ignore region)"
ALL = "all"

_REST = re.compile(r"(\d+) more images are not")
_FOLDER = re.compile(r"(\d+) (?:images|labels|archives): ")
_ORPHANS = re.compile(r"\d+ annotations of images")
_SIZES_SHOWN = 12


@dataclass(frozen=True)
class Inspection:
    """Everything that `hoban inspect` says about one folder. Shares are 0-1."""

    source: str
    folder: str
    format: str
    declared_as: str | None
    proposed_name: str
    """For a source of this folder, if it is to be declared: free among what is declared."""
    opened_images: bool
    images: int
    images_kept: int
    label_files: int
    boxes: int
    """Rows in the labels, before any rule."""
    boxes_kept: int
    classes: Rows
    """class, text, becomes, boxes, images, ignore (regions), median_area; every own class."""
    size_bands: Rows
    """class, boxes, and the number of boxes in each of BANDS; the last row is all of them."""
    splits: Rows
    """split, images, boxes: the folder's own split."""
    image_sizes: Mapping[str, Any]
    """known, distinct, smallest, largest (width, height), and the most frequent ones."""
    defects: Rows
    """stage, rule, action, count, images, boxes (both: lost by it), examples."""
    duplicates: Mapping[str, Any]
    leakage: Rows
    unreadable: Rows
    """file, reason."""
    boxes_per_image: Mapping[str, Any]
    notes: Rows
    """text and remedy (English keys), facts."""
    groups_by_name: Mapping[str, Any] = field(default_factory=dict)
    """See `clips.groups_by_name`."""

    def as_json(self) -> dict[str, Any]:
        """Everything, as plain values."""
        return asdict(self)


def inspect_rows(found: Gathered, examples: int = 2) -> Inspection:
    """Compute all tables.

    Args:
        found: what the readers saw.
        examples: files named for each kind of defect, duplicate and leak.
    """
    samples = found.samples
    return Inspection(
        source=found.source.name,
        folder=found.source.folder,
        format=found.source.format,
        declared_as=found.declared_as,
        proposed_name=proposed_name(found.source.folder.rpartition("/")[2], found.siblings),
        opened_images=found.facts is not None,
        images=found.images_in,
        images_kept=len(samples.images),
        label_files=found.label_files,
        boxes=found.boxes_in,
        boxes_kept=len(samples.boxes),
        classes=_classes(found),
        size_bands=_size_bands(found),
        splits=_splits(found),
        image_sizes=_image_sizes(found),
        defects=_defects(found, examples),
        duplicates=duplicates(found, examples),
        leakage=leakage(found, examples),
        unreadable=_unreadable(found),
        boxes_per_image=_boxes_per_image(found),
        notes=[asdict(note) for note in found.notes],
        groups_by_name=groups_by_name(found),
    )


def proposed_name(folder: str, siblings: Sequence[str] = ()) -> str:
    """Name for a source in `folder`: letters of any language, digits and '_'.

    It is none that is declared, and none that another one of `siblings` gets.
    """
    from hoban_assets.declared.sources import SOURCES

    taken = {nfc(source.name) for source in SOURCES}
    for each in dict.fromkeys([*sorted(siblings), folder]):
        plain = re.sub(r"_+", "_", "".join(c if c.isalnum() else "_" for c in nfc(each).lower()))
        name = plain.strip("_") or "my_source"
        name = f"source_{name}" if name[0].isdigit() else name
        names = chain([name], (f"{name}_{k}" for k in count(2)))
        free = next(n for n in names if n not in taken)
        if each == folder:
            return free
        taken.add(free)
    return "my_source"


def _classes(found: Gathered) -> Rows:
    boxes = found.samples.boxes
    table = boxes.groupby("class_name").agg(
        boxes=("image_id", "size"),
        images=("image_id", "nunique"),
        ignore=("ignore", "sum"),
        median_area=("area", "median"),
    )
    rows = []
    for own in found.classes:
        seen = table.loc[own.name].to_dict() if own.name in table.index else {}
        rows.append(
            {
                "class": own.name,
                "text": own.text,
                "becomes": _becomes(found, own.name),
                "boxes": int(seen.get("boxes", 0)),
                "images": int(seen.get("images", 0)),
                "ignore": int(seen.get("ignore", 0)),
                "median_area": round(float(seen["median_area"]), 6) if seen else None,
            }
        )
    return rows


def _becomes(found: Gathered, name: str) -> str | None:
    if found.source.format == "widerperson" and name in {"4", "5"}:
        return IGNORE_REGION
    return found.recipe_classes.get(name)


def _size_bands(found: Gathered) -> Rows:
    labels = found.samples.labels
    band = pd.Series(np.searchsorted(AREA_BANDS, labels.area, side="right"), index=labels.index)
    table = pd.crosstab(band, labels.class_name).reindex(range(len(BANDS)), fill_value=0)
    counts = table.to_dict("list")
    rows = [
        {"class": own.name, "boxes": sum(row), **dict(zip(BANDS, row, strict=True))}
        for own in found.classes
        if (row := counts.get(own.name))
    ]
    whole = np.bincount(band, minlength=len(BANDS)).tolist()
    if len(labels):
        rows.append({"class": ALL, "boxes": len(labels), **dict(zip(BANDS, whole, strict=True))})
    return rows


def _splits(found: Gathered) -> Rows:
    boxes = found.samples.boxes.image_id.value_counts()
    order = {"train": 0, "valid": 1, "test": 2}
    parts = found.files[["image_id", "split"]].explode("split").fillna({"split": "-"})
    parts = parts.assign(boxes=boxes.reindex(parts.image_id, fill_value=0).to_numpy())
    by_split = parts.groupby("split")["boxes"]
    rows = [
        {"split": str(name), "images": int(images), "boxes": int(count)}
        for name, images, count in by_split.agg(["size", "sum"]).itertuples()
    ]
    return sorted(rows, key=lambda row: (order.get(row["split"], 3), row["split"]))


def _image_sizes(found: Gathered) -> dict[str, Any]:
    """From the files where they were opened, else from the labels that state them."""
    rows = found.samples.images if found.facts is None else found.facts[found.facts.ok.astype(bool)]
    sizes = rows.loc[rows.width > 0, ["width", "height"]]
    if sizes.empty:
        return {"known": 0, "distinct": 0, "smallest": None, "largest": None, "frequent": []}
    counts = sizes.value_counts()
    by_pixels = sizes.iloc[np.argsort(sizes.width.astype(int) * sizes.height, kind="stable")]
    return {
        "known": len(sizes),
        "distinct": len(counts),
        "smallest": by_pixels.iloc[0].tolist(),
        "largest": by_pixels.iloc[-1].tolist(),
        "frequent": counts.head(_SIZES_SHOWN).reset_index(name="images").to_dict("records"),
    }


def _defects(found: Gathered, examples: int) -> Rows:
    """Decisions of the readers and of the image facts, by kind; the most frequent first."""
    rows = []
    keys = ["stage", "rule", "action"]
    for (stage, rule, action), group in found.samples.decisions.groupby(keys, sort=False):
        shown = group.head(examples)
        rows.append(
            {
                "stage": stage,
                "rule": rule,
                "action": action,
                "count": int(_weights(group).sum()),
                "images": int(group.images_removed.sum()),
                "boxes": int(group.boxes_removed.sum()),
                "examples": [
                    {
                        "file": file,
                        "row": None if pd.isna(row) else int(row),
                        "value": None if pd.isna(value) else value,
                    }
                    for file, row, value in zip(shown.file, shown.row, shown.value, strict=True)
                ],
            }
        )
    return sorted(rows, key=lambda row: (-row["images"], -row["boxes"], -row["count"]))


def _weights(decisions: pd.DataFrame) -> pd.Series:
    """How many things each decision is about: some count absent or unread files in one text."""
    value = decisions.value.fillna("").astype(str).where(decisions.row.isna(), "")
    counted = value.str.extract(_REST, expand=False)
    counted = counted.fillna(value.str.extract(rf"^{_FOLDER.pattern}", expand=False))
    weights = counted.fillna("1").astype(int)
    is_orphan = value.str.match(_ORPHANS)  # their images are counted one by one, where listed
    return weights if is_orphan.all() else weights.where(~is_orphan, 0)


def _unreadable(found: Gathered) -> Rows:
    if found.facts is None:
        return []
    bad = found.facts[~found.facts.ok.astype(bool)]
    return [{"file": f, "reason": e} for f, e in zip(bad.file, bad.error, strict=True)]


def _boxes_per_image(found: Gathered) -> dict[str, Any]:
    """Distribution over kept images; `above_10` by class: images with more than ten of it."""
    labels = found.samples.labels
    counts = found.samples.boxes_per_image(labels_only=True)
    crowded = labels.groupby(["image_id", "class_name"]).size()
    above = crowded[crowded > 10].reset_index().class_name.value_counts()
    return {
        "none": int((counts == 0).sum()),
        "mean": round(float(counts.mean()), 2) if len(counts) else 0.0,
        "most": int(counts.max()) if len(counts) else 0,
        "above_10": {str(name): int(n) for name, n in above.items()},
    }
