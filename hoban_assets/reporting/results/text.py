"""A model's results as rows of tables, as JSON, and as a Markdown document."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hoban_assets.language import Say, speaker
from hoban_assets.reporting.markdown import markdown_rows
from hoban_assets.reporting.results.figures import CONFIDENCE, ClassResult, ModelResults
from hoban_assets.reporting.results.findings import findings

if TYPE_CHECKING:
    from hoban_assets.catalog.answers import Row

LAST_EPOCHS = 5
CURVES = (
    "results.png",
    "BoxPR_curve.png",
    "BoxF1_curve.png",
    "BoxP_curve.png",
    "BoxR_curve.png",
    "confusion_matrix.png",
    "confusion_matrix_normalized.png",
    "curves.json",
    "worst_images.json",
)
"""What to look at in a run folder, where it is there."""

PARTIAL_LABELS = {
    "mask": "Trained with partial_labels: mask: of a photograph, a class that its source does not "
    "label counted neither as an object nor as background. The best epoch is that of the best "
    "label-aware mAP50-95.",
    "naive": "Trained with partial_labels: naive: everything unlabelled counted as background, "
    "objects that a source does not label too. The best epoch is that of the best mAP50-95 as "
    "Ultralytics counts it.",
}
"""How a model was trained -> what is said of it."""

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
"""Key of a row of `class_table` -> heading."""
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


def short_class_table(results: ModelResults) -> list[Row]:
    """`class_table` for a terminal of 90 columns."""
    return [
        {
            "class": row["class"],
            "labels": row["labels"],
            "AP50": row["AP50"],
            "AP50-95": row["AP50-95"],
            "P": row["precision"],
            "R": row["recall"],
            "missed": row["missed"],
            "share": percent(row["missed_share"]),
            "false": row["false_positives"],
            "on empty": row["on_empty"],
        }
        for row in class_table(results)
    ]


def class_table(results: ModelResults) -> list[Row]:
    """One row a class, 'all' first (its AP, precision and recall are means, the counts sums)."""
    return [_class_row(c) for c in (results.overall, *results.classes)]


def _class_row(c: ClassResult) -> Row:
    return {
        "class": c.class_name,
        "train_labels": c.train_labels,
        "labels": c.labels,
        "AP50": c.ap50,
        "AP50-95": c.ap50_95,
        "precision": c.precision,
        "recall": c.recall,
        "missed": c.missed,
        "missed_share": c.missed_share,
        "false_positives": c.false_positives,
        "on_empty": c.false_on_empty,
    }


def confusion_table(results: ModelResults) -> list[Row]:
    """Which class was taken for which, the most frequent first; `helmet` marks the pair."""
    return [
        {
            "true": c.true,
            "taken_for": c.predicted,
            "count": c.count,
            "share": c.share,
            "helmet": c.helmet_pair,
        }
        for c in results.confusions
    ]


def epoch_table(results: ModelResults, last: int = LAST_EPOCHS) -> list[Row]:
    """The last epochs and, before them, the best one where it is none of them; lr as text."""
    shown = [
        row
        for index, row in enumerate(results.epochs)
        if index >= len(results.epochs) - last or row["epoch"] == results.best_epoch
    ]
    return [
        {
            **{key: row.get(key) for key in EPOCH_COLUMNS if key not in ("lr", "best")},
            "lr": None if row.get("lr") is None else f"{row['lr']:.2g}",
            "best": "*" if row["epoch"] == results.best_epoch else "",
        }
        for row in shown
    ]


def pictures(results: ModelResults) -> list[Path]:
    """Curves and lists of the run folder that are there."""
    if results.path is None:
        return []
    return [file for name in CURVES if (file := Path(results.path) / name).is_file()]


def commands(results: ModelResults) -> list[str]:
    """Shell commands that train this model again: as an asset, and with Ultralytics alone."""
    again = f"dagster asset materialize --select {results.model} --partition {results.partition}"
    by_hand = Path(results.path or "-") / "command.txt"
    return [again, *([by_hand.read_text("utf-8").strip()] if by_hand.is_file() else [])]


def as_json(results: ModelResults, say: Say) -> dict[str, Any]:
    """Everything, for programs; findings as sentences in the language of `say`."""
    whole = asdict(results)
    for entry, c in zip(
        (whole["overall"], *whole["classes"]), (results.overall, *results.classes), strict=True
    ):
        entry["missed_share"] = c.missed_share
    return {
        **whole,
        "confusions": confusion_table(results),
        "findings": [
            {"level": f.level, "text": f.said(say), "remedies": f.remedies_said(say)}
            for f in findings(results)
        ],
        "files": [str(file) for file in pictures(results)],
        "commands": commands(results),
    }


def headline(results: ModelResults, say: Say) -> str:
    """One line: how good, and of which epoch."""
    o = results.overall
    return say(
        "mAP50 {ap50}, mAP50-95 {ap} (label-aware), best epoch {best} of {epochs}",
        ap50=_three(o.ap50),
        ap=_three(o.ap50_95),
        best=results.best_epoch,
        epochs=len(results.epochs),
    )


def how_trained(results: ModelResults, say: Say) -> str:
    """Under the headline: what an object was in training that its source does not label."""
    return say(PARTIAL_LABELS[results.partial_labels or "naive"])


def how_counted(say: Say) -> str:
    """Under the table of classes: how its columns are counted."""
    return say(
        "AP, precision and recall: each class only on images whose source labels it. Missed and "
        "false positives are counted at confidence {confidence}, IoU 0.45: missed = no detection "
        "of any class on the label, false positive = a detection that matches no label.",
        confidence=CONFIDENCE,
    )


def how_epochs(say: Say) -> str:
    """Under the table of epochs: how its mAP is counted, which is not how the classes are."""
    return say(
        "During training mAP is counted as Ultralytics does, every class on every image: lower "
        "than the label-aware figures above."
    )


def markdown(results: ModelResults, language: str) -> str:
    """Return the whole document without pictures."""
    say = speaker(language)
    parts = [
        f"# {say('Results of {model}', model=results.model)} [{results.partition}]",
        f"{headline(results, say)}. {say('Trained')}: {results.created_at:%Y-%m-%d %H:%M} UTC.",
        how_trained(results, say),
        f"## {say('What stands out')}",
        findings_list(results, say),
        f"## {say('Figures of each class')}",
        markdown_rows(_shares_as_text(class_table(results), say), _headings(CLASS_COLUMNS, say)),
        how_counted(say),
        f"## {say('What is taken for what')}",
        _matrix(results, say),
        f"## {say('Each source')}",
        _sources(results, say),
        f"## {say('The last epochs')}",
        markdown_rows(epoch_table(results), _headings(EPOCH_COLUMNS, say)),
        how_epochs(say),
        f"## {say('Checks')}" if results.checks else "",
        "\n".join(f"- {_mark(c['passed'])} {c['name']}: {c['text']}" for c in results.checks),
        f"## {say('Files')}",
        "\n".join(f"- `{file}`" for file in pictures(results)) or say("(none)"),
        f"## {say('Train it again')}",
        "```sh\n" + "\n".join(commands(results)) + "\n```",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def findings_list(results: ModelResults, say: Say) -> str:
    """The findings as a Markdown list, what to do about each below it."""
    lines = []
    for finding in findings(results):
        lines.append(f"- {LEVELS[finding.level]} {finding.said(say)}")
        lines += [f"    - {remedy}" for remedy in finding.remedies_said(say)]
    return "\n".join(lines)


LEVELS: Mapping[str, str] = {"bad": "[!!]", "warn": "[!]", "good": "[ok]", "info": "[i]"}
"""Marks of findings, in a terminal too."""


def _matrix(results: ModelResults, say: Say) -> str:
    if not results.matrix:
        return say("Not recorded.")
    columns = {"true": say("true class"), **{n: say(n) for n in results.matrix}}
    rows = [{"true": say(true), **row} for true, row in results.matrix.items()]
    note = say("A row is the true class, a column what it was found as; background = not found.")
    return f"{markdown_rows(rows, columns)}\n\n{note}"


def _sources(results: ModelResults, say: Say) -> str:
    rows = [{**row, "class": say(row["class"])} for row in results.sources]
    columns = {
        "class": "class",
        "source": "source",
        "labels": "labels in validation",
        "AP50": "AP50",
        "AP50-95": "AP50-95",
        "recall": "recall",
    }
    return markdown_rows(rows, _headings(columns, say))


def _shares_as_text(rows: list[Row], say: Say) -> list[Row]:
    return [
        {**row, "class": say(row["class"]), "missed_share": percent(row["missed_share"])}
        for row in rows
    ]


def percent(share: float | None) -> str | None:
    """0.382 as '38 %'."""
    return None if share is None else f"{share * 100:.0f} %"


def _headings(columns: Mapping[str, str], say: Say) -> dict[str, str]:
    return {key: say(title) if title else "" for key, title in columns.items()}


def _mark(passed: bool | None) -> str:
    return LEVELS["good" if passed else "warn"]


def _three(value: float | None) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:.3f}"
