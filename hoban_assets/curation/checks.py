"""What must hold of every build: pure checks, each with a text that says what was found.

The text is put by `say`, in the words of its reader (`language`), or plainly in English.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from hoban_assets.classes import CLASS_IDS
from hoban_assets.curation.duplicates import Certificate
from hoban_assets.curation.selection import ALL, QuotaCount
from hoban_assets.language import Say, plain
from hoban_assets.ledger import Ledger
from hoban_assets.samples import Samples

DESCRIPTIONS = {
    "conservation": "Images and boxes: in = kept + dropped, in every step.",
    "boxes_inside_image": "Every box lies inside its image and has an area.",
    "no_unknown_class": "Every box has one of the four classes.",
    "rows_readable": "In no source are too many rows unread, shifted or of a doubtful frame.",
    "corrections_applied": "Every correction by hand fits its picture and was applied (warning).",
    "files_read": "Every image and label file below the sources is read, or declared as read "
    "elsewhere (warning).",
    "folders_declared": "No folder beside the sources was left unread unseen (warning).",
    "dedupe_certificate": "No two kept images are near-duplicates; each removed one has a witness.",
    "labels_completed": "Teachers have found objects of classes that the sources do not label "
    "(warning).",
    "no_leak_between_splits": "No clip, photograph or near-duplicate is in train and in val.",
    "no_benchmark_inside": "No picture, clip or near-copy of a benchmark is in a dataset.",
    "val_share": "Val has its share of every class, and no group is a fifth of it (warning).",
    "quotas_reached": "Every class has as many labels as the recipe asks for (warning).",
    "sources_survive": "Of every source enough survives the rules (warning).",
    "map50": "mAP50 reaches the recipe's gate, each class judged where it is labelled (warning).",
    "no_regression": "Neither the mean mAP50-95 nor that of a class is below the version before "
    "(warning).",
}
"""What each check of the graph promises."""

WARNINGS = frozenset(
    {
        "val_share",
        "quotas_reached",
        "sources_survive",
        "corrections_applied",
        "files_read",
        "folders_declared",
        "labels_completed",
        "map50",
        "no_regression",
    }
)
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


def conservation(ledger: Ledger, say: Say = plain) -> Check:
    """Images and boxes: in = kept + dropped, for each stage."""
    bad = ledger.unbalanced()
    text = "; ".join(
        say(
            "{stage}: images {images_in} in, {images_kept} kept, {images_dropped} dropped; "
            "boxes {boxes_in} in, {boxes_kept} kept, {boxes_dropped} dropped",
            stage=s.stage,
            images_in=s.images_in,
            images_kept=s.images_kept,
            images_dropped=s.images_dropped,
            boxes_in=s.boxes_in,
            boxes_kept=s.boxes_kept,
            boxes_dropped=s.boxes_dropped,
        )
        for s in bad
    )
    fine = say("in = kept + dropped in all {steps} steps", steps=len(ledger.stages))
    return Check("conservation", not bad, text or fine, numbers={"unbalanced": len(bad)})


def boxes_inside_image(samples: Samples, say: Say = plain) -> Check:
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
    text = say(
        "{bad} of {boxes} boxes lie outside their image or have no area",
        bad=int(bad.sum()),
        boxes=f"{len(b):,}",
    )
    if bad.any():
        text += "; " + say("the first on {image}", image=b.image_id[bad].iloc[0])
    return Check("boxes_inside_image", not bad.any(), text, numbers={"outside": int(bad.sum())})


def no_unknown_class(samples: Samples, say: Say = plain) -> Check:
    """Every box has one of the four classes, and the id that belongs to its name."""
    bad = samples.boxes.class_name.map(CLASS_IDS).fillna(-1) != samples.boxes.class_id
    text = say(
        "{bad} of {boxes} boxes have an unknown class or a wrong id",
        bad=int(bad.sum()),
        boxes=f"{len(bad):,}",
    )
    return Check("no_unknown_class", not bad.any(), text, numbers={"unknown": int(bad.sum())})


def dedupe_certificate(certificate: Certificate, say: Say = plain) -> Check:
    """No two kept images are near-duplicates, and every removed one has a kept witness."""
    c = certificate
    text = say(
        "{images} images in, {kept} kept, {removed} removed at {threshold}; {pairs} kept pairs at "
        "or above it, {alone} removals without a kept witness; largest component {largest}; "
        "{engine}",
        images=f"{c.images:,}",
        kept=f"{c.kept:,}",
        removed=f"{c.removed:,}",
        threshold=c.threshold,
        pairs=c.residual_pairs,
        alone=c.removals_without_witness,
        largest=f"{c.largest_component:,}",
        engine=c.engine,
    )
    numbers = {k: float(v) for k, v in vars(c).items() if isinstance(v, int | float)}
    return Check("dedupe_certificate", c.holds, text, numbers=numbers)


def quotas_reached(
    counts: Iterable[QuotaCount], unit: str, backgrounds: tuple[int, int], say: Say = plain
) -> Check:
    """Every class has its quota, and there are as many backgrounds as asked for; a warning."""
    counts = list(counts)
    got, wanted = backgrounds
    short = [
        say(
            "{name} {chosen} of {quota} {unit} ({candidates} candidates)",
            name=say(c.class_name),
            chosen=f"{c.chosen:,}",
            quota=f"{c.quota:,}",
            unit=say(unit),
            candidates=f"{c.candidates:,}",
        )
        for c in counts
        if c.missing
    ]
    if got < wanted < ALL:
        short.append(
            say("background {got} of {wanted} images", got=f"{got:,}", wanted=f"{wanted:,}")
        )
    is_limited = any(c.quota < ALL for c in counts)
    text = say("every class has its quota" if is_limited else "no quota: all there is was taken")
    if short:
        text = say("short: {what}", what="; ".join(short))
    numbers = {c.class_name: float(c.chosen) for c in counts} | {"background": float(got)}
    return Check("quotas_reached", not short, text, numbers=numbers)


def folders_declared(
    unread: Sequence[str], left_out: Iterable[str] = (), say: Say = plain
) -> Check:
    """No folder that looks like a source of the stage lies beside them undeclared; a warning.

    `left_out`: folders that are declared as not to be read.
    """
    meant = set(left_out)
    unseen = [folder for folder in unread if folder not in meant]
    text = say("no undeclared folder beside the sources")
    if unseen:
        text = say("not read, as no source declares them: {folders}", folders=", ".join(unseen))
    elif unread:
        text = say("not read, as is declared: {folders}", folders=", ".join(unread))
    numbers = {"undeclared": float(len(unseen))}
    return Check("folders_declared", not unseen, text, numbers=numbers)


def files_read(unread: Mapping[str, Mapping[str, int]], say: Say = plain) -> Check:
    """Return a warning with how many files of each source its reader passes over.

    `unread`: source -> kind ('images', 'labels', 'archives') -> files. The decisions of rule
    'not_read' name them.
    """
    told = [
        say(
            "{source}: {images} images, {labels} label files, {archives} archives",
            source=source,
            **{kind: f"{counts.get(kind, 0):,}" for kind in ("images", "labels", "archives")},
        )
        for source, counts in unread.items()
        if any(counts.values())
    ]
    text = say("not read: {list}", list="; ".join(told)) if told else say("every file is read")
    numbers = {
        kind: sum(counts.get(kind, 0) for counts in unread.values())
        for kind in ("images", "labels", "archives")
    }
    return Check("files_read", not told, text, numbers=numbers)
