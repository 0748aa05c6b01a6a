"""Tables of a model's results."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hoban_assets.catalog.asked import Row
from hoban_assets.classes import BACKGROUND, COLOURS
from hoban_assets.language import Say
from hoban_assets.reporting.blocks import Block, Cell, Heading, Paragraph, Table
from hoban_assets.reporting.results.figures import ClassResult, ModelResults
from hoban_assets.reporting.results.of_errors import MISSED
from hoban_assets.units import Share

LAST_EPOCHS = 5
CLASS_COLUMNS = {
    "class": "class",
    "train_labels": "labels in training",
    "labels": "labels in validation",
    "AP50": "AP50",
    "AP50-95": "AP50-95",
    "precision": "precision",
    "recall": "recall",
    "missed": "missed",
    "missed_share": "missed share",
    "false_positives": "false positives",
    "on_empty": "on empty images",
}
SOURCE_COLUMNS = {
    key: CLASS_COLUMNS.get(key, key)
    for key in ("class", "source", "labels", "AP50", "AP50-95", "recall")
}
EPOCH_COLUMNS = {
    "epoch": "epoch",
    "train_box_loss": "train box loss",
    "train_cls_loss": "train cls loss",
    "val_box_loss": "val box loss",
    "val_cls_loss": "val cls loss",
    "lr": "learning rate",
    "mAP50": "mAP50",
    "mAP50-95": "mAP50-95",
    "best": "",
}
"""Key of a row -> heading, of each table."""
RIGHT, WRONG = "rgba(43,138,62,{:.2f})", "rgba(201,42,42,{:.2f})"


def class_row(c: ClassResult, say: Say) -> Row:
    """Figures of a class; of 'all' AP is the mean, the counts are sums."""
    missed = c.missed_share
    return {
        "class": Cell(say(c.class_name), dot=COLOURS.get(c.class_name, "")),
        "train_labels": c.train_labels,
        "labels": c.labels,
        "AP50": c.ap50,
        "AP50-95": c.ap50_95,
        "precision": c.precision_there,
        "recall": c.recall_there,
        "missed": c.missed,
        "missed_share": Cell(share(missed), tone="bad" if (missed or 0) >= MISSED else ""),
        "false_positives": c.false_positives,
        "on_empty": c.false_on_empty,
    }


def confusions(results: ModelResults, say: Say) -> Iterator[Block]:
    """The matrix of labels and detections, shaded by share."""
    yield Heading(2, say("What is taken for what"))
    if not results.matrix:
        yield Paragraph(say("Not recorded."))
        return
    rows = []
    for true, row in results.matrix.items():
        total, is_class = sum(row.values()) or 1, true != BACKGROUND
        told: dict[str, Any] = {"true": say(true) if is_class else say("no object there")}
        for name, count in row.items():
            part = count / total if is_class else 0.0
            shade = (RIGHT if name == true else WRONG).format(part * 0.55)
            told[name] = Cell(count, str(Share(part)) if part else "", shade=shade)
        rows.append(told)
    columns = {name: say(name) for name in results.matrix if name != BACKGROUND}
    yield Table(rows, {"true": say("true class"), **columns, BACKGROUND: say("not found")})
    text = "A row is the true class, a column what it was found as; background = not found."
    yield Paragraph(say(text), "soft")


def epoch_table(results: ModelResults) -> list[Row]:
    """The last epochs and, before them, the best one where it is none of them; lr as text."""
    start = len(results.epochs) - LAST_EPOCHS
    return [
        {
            **{key: row.get(key) for key in EPOCH_COLUMNS if key not in ("lr", "best")},
            "lr": None if row.get("lr") is None else f"{row['lr']:.2g}",
            "best": "*" if row["epoch"] == results.best_epoch else "",
        }
        for index, row in enumerate(results.epochs)
        if index >= start or row["epoch"] == results.best_epoch
    ]


def share(value: float | None) -> Share | None:
    """A share to be shown in per cent."""
    return None if value is None else Share(value)
