"""What must hold of every build: pure checks, each with a text that says what was found."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from hoban_assets.classes import CLASS_IDS
from hoban_assets.curation.duplicates import Certificate
from hoban_assets.curation.selection import QuotaCount
from hoban_assets.ledger import Ledger
from hoban_assets.samples import Samples

DESCRIPTIONS = {
    "conservation": "Images and boxes: in = kept + dropped, in every step.",
    "boxes_inside_image": "Every box lies inside its image and has an area.",
    "no_unknown_class": "Every box has one of the four classes.",
    "folders_declared": "No folder beside the sources was left unread unseen (warning).",
    "dedupe_certificate": "No two kept images are near-duplicates; each removed one has a witness.",
    "no_leak_between_splits": "No clip, photograph or near-duplicate is in train and in val.",
    "quotas_reached": "Every class has as many labels as the recipe asks for (warning).",
    "map50": "mAP50 reaches the recipe's gate, each class judged where it is labelled (warning).",
    "no_regression": "Neither the mean mAP50-95 nor that of a class is below the version before "
    "(warning).",
}
"""What each check of the graph promises."""

WARNINGS = frozenset({"quotas_reached", "folders_declared", "map50", "no_regression"})
"""Checks that warn. Every other one that fails stops the build before anything is published."""


@dataclass(frozen=True)
class Check:
    """Outcome of a check."""

    name: str
    passed: bool
    text: str
    numbers: Mapping[str, float] = field(default_factory=dict)

    @property
    def blocking(self) -> bool:
        """True where a failure stops the build."""
        return self.name not in WARNINGS


def as_table(checks: Iterable[Check]) -> pd.DataFrame:
    """Return checks as rows for the catalog: name, passed, blocking, text, numbers (JSON)."""
    columns = ["name", "passed", "blocking", "text", "numbers"]
    rows = [(c.name, c.passed, c.blocking, c.text, json.dumps(dict(c.numbers))) for c in checks]
    return pd.DataFrame(rows, columns=columns)


def from_table(rows: pd.DataFrame) -> list[Check]:
    """Return the checks that `as_table` made these rows of."""
    return [
        Check(r["name"], r["passed"], r["text"], json.loads(r["numbers"]))
        for r in rows.to_dict("records")
    ]


def conservation(ledger: Ledger) -> Check:
    """Images and boxes: in = kept + dropped, for each stage."""
    bad = ledger.unbalanced()
    text = "; ".join(
        f"{s.stage}: images {s.images_in} in, {s.images_kept} kept, {s.images_dropped} dropped; "
        f"boxes {s.boxes_in} in, {s.boxes_kept} kept, {s.boxes_dropped} dropped"
        for s in bad
    )
    fine = f"in = kept + dropped in all {len(ledger.stages)} stages"
    return Check("conservation", not bad, text or fine, numbers={"unbalanced": len(bad)})


def boxes_inside_image(samples: Samples) -> Check:
    """Every box lies within 0-1 (one millionth over is rounding) and has an area."""
    b = samples.boxes
    over = np.maximum.reduce(
        [
            (b.width / 2 - b.x_center).to_numpy(),
            (b.height / 2 - b.y_center).to_numpy(),
            (b.x_center + b.width / 2 - 1).to_numpy(),
            (b.y_center + b.height / 2 - 1).to_numpy(),
        ],
    )
    bad = ~((over <= 1e-6) & (b.width > 0).to_numpy() & (b.height > 0).to_numpy())
    first = f", the first on {b.image_id[bad].iloc[0]}" if bad.any() else ""
    text = f"{int(bad.sum())} of {len(b):,} boxes lie outside their image or have no area{first}"
    return Check("boxes_inside_image", not bad.any(), text, numbers={"outside": int(bad.sum())})


def no_unknown_class(samples: Samples) -> Check:
    """Every box has one of the four classes, and the id that belongs to its name."""
    bad = samples.boxes.class_name.map(CLASS_IDS).fillna(-1) != samples.boxes.class_id
    text = f"{int(bad.sum())} of {len(bad):,} boxes have an unknown class or a wrong id"
    return Check("no_unknown_class", not bad.any(), text, numbers={"unknown": int(bad.sum())})


def dedupe_certificate(certificate: Certificate) -> Check:
    """No two kept images are near-duplicates, and every removed one has a kept witness."""
    c = certificate
    text = (
        f"{c.images:,} images in, {c.kept:,} kept, {c.removed:,} removed at {c.threshold}; "
        f"{c.residual_pairs} kept pairs at or above it, {c.removals_without_witness} removals "
        f"without a kept witness; largest component {c.largest_component:,}; {c.engine}"
    )
    numbers = {k: float(v) for k, v in vars(c).items() if isinstance(v, int | float)}
    return Check("dedupe_certificate", c.holds, text, numbers=numbers)


def no_leak_between_splits(samples: Samples, closest: float, similarity: float) -> Check:
    """No group, no file content and no near-duplicate stands on both sides of the split."""
    images = samples.images
    groups = int((images.groupby("group_id").split.nunique() > 1).sum())
    contents = int((images.groupby("content_hash").split.nunique() > 1).sum())
    passed = groups == 0 and contents == 0 and closest < similarity
    text = (
        f"{groups} groups and {contents} file contents on both sides; closest pair over the split "
        f"{'below ' + str(similarity) if not closest else f'{closest:.3f}'}"
    )
    numbers = {"groups": groups, "contents": contents, "closest": closest}
    return Check("no_leak_between_splits", passed, text, numbers=numbers)


def quotas_reached(counts: Iterable[QuotaCount], unit: str, backgrounds: tuple[int, int]) -> Check:
    """Every class has its quota, and there are as many backgrounds as asked for; a warning."""
    counts = list(counts)
    got, wanted = backgrounds
    short = [
        f"{c.class_name} {c.chosen:,} of {c.quota:,} {unit} ({c.candidates:,} candidates)"
        for c in counts
        if c.missing
    ]
    if got < wanted:
        short.append(f"background {got:,} of {wanted:,} images")
    text = "short: " + "; ".join(short) if short else "every class has its quota"
    numbers = {c.class_name: float(c.chosen) for c in counts} | {"background": float(got)}
    return Check("quotas_reached", not short, text, numbers=numbers)


def folders_declared(unread: list[str]) -> Check:
    """No folder that looks like a source of the stage lies beside them undeclared; a warning."""
    text = "no undeclared folder beside the sources"
    if unread:
        text = f"not read, as no source declares them: {', '.join(unread)}"
    numbers = {"undeclared": float(len(unread))}
    return Check("folders_declared", not unread, text, numbers=numbers)
