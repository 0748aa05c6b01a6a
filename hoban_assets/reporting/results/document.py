"""A model's results as a document."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from hoban_assets.catalog.asked import Row
from hoban_assets.classes import BACKGROUND, COLOURS
from hoban_assets.language import Say, retold, speaker
from hoban_assets.reporting.blocks import (
    Block,
    Cards,
    Cell,
    Finding,
    Heading,
    Paragraph,
    Table,
    bullets,
    code,
    table,
)
from hoban_assets.reporting.report import Report
from hoban_assets.reporting.results.as_json import commands, files
from hoban_assets.reporting.results.figures import CONFIDENCE, ClassResult, ModelResults
from hoban_assets.reporting.results.findings import all_errors, findings
from hoban_assets.reporting.results.of_errors import MISSED
from hoban_assets.settings import Settings
from hoban_assets.units import Share, text_of

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


PARTIAL_LABELS = {
    "mask": "Trained with partial_labels: mask: of a photograph, a class that its source does not "
    "label counted neither as an object nor as background. The best epoch is that of the best "
    "label-aware mAP50-95.",
    "naive": "Trained with partial_labels: naive: everything unlabelled counted as background, "
    "objects that a source does not label too. The best epoch is that of the best mAP50-95 as "
    "Ultralytics counts it.",
}
"""How a model was trained -> what is said of it."""


def write_results(
    settings: Settings, partition: str, log: Callable[[str], None], model: str
) -> Report:
    """Write ``reports/results/<model>-<partition>.html`` and ``.md``.

    Pictures that are gone are left out, and the page says so.

    Raises:
        HobanError: the model was never trained for this partition.
    """
    from hoban_assets.catalog.answers import asking
    from hoban_assets.reporting.markdown import markdown
    from hoban_assets.reporting.report import Report, save_document
    from hoban_assets.reporting.results import pictures as pictures
    from hoban_assets.reporting.results.asking import model_results

    with asking(settings.catalog_path, settings.catalog_wait) as ask:
        results = model_results(ask, model, partition)
    say = speaker(settings.language)
    told = list(document(results, say))
    drawn = [*pictures.worst(results, say), *pictures.curves(results, say)]
    stem = settings.reports / "results" / f"{model}-{partition}"
    files = save_document(stem, [*told, *drawn], settings.language)
    log(f"{model} [{partition}]: {headline(results, say)}; {files[0]}")
    preview = markdown(told) + "\n" + "\n\n".join(pictures.previews(results))
    return Report(files, preview, _numbers(results))


def document(results: ModelResults, say: Say) -> Iterator[Block]:
    """All but the pictures."""
    o = results.overall
    yield Heading(1, f"{say('Results of {model}', model=results.model)} [{results.partition}]")
    at = f"{results.created_at:%Y-%m-%d %H:%M} UTC"
    yield Paragraph(f"{headline(results, say)}. {say('Trained')}: {at}.")
    yield Paragraph(say(PARTIAL_LABELS[results.partial_labels or "naive"]), "soft")
    figures = {
        "mAP50": o.ap50,
        "mAP50-95": o.ap50_95,
        say("missed share"): share(o.missed_share),
        say("false positives"): o.false_positives,
        say("best epoch"): f"{results.best_epoch} / {len(results.epochs)}",
    }
    yield Cards([(name, value, "") for name, value in figures.items()])
    yield Heading(2, say("What stands out"))
    for f in findings(results):
        yield Finding(
            f.level, f.said(say) + _explains(f.errors, results, say), f.remedies_said(say)
        )
    yield Heading(2, say("Figures of each class"))
    yield table([class_row(c, say) for c in (o, *results.classes)], CLASS_COLUMNS, say)
    text = (
        "Each class only on images whose source labels it. All but AP at confidence "
        "{confidence}, IoU 0.45: missed = no detection of any class on the label, false positive "
        "= a detection that matches no label."
    )
    yield Paragraph(say(text, confidence=CONFIDENCE), "soft")
    yield from confusions(results, say)
    if results.sources:
        yield Heading(2, say("Each source"))
        yield table(results.sources, SOURCE_COLUMNS, say, ["class"])
    yield Heading(2, say("The last epochs"))
    yield table(epoch_table(results), EPOCH_COLUMNS, say)
    text = (
        "During training mAP is counted as Ultralytics does, every class on every image: lower "
        "than the label-aware figures above."
    )
    yield Paragraph(say(text), "soft")
    if results.checks:
        yield Heading(2, say("Checks"))
    for c in results.checks:
        yield Finding("good" if c["passed"] else "warn", f"{c['name']}: {retold(c['text'], say)}")
    yield Heading(2, say("Files"))
    yield bullets([f"`{file}`" for file in files(results)] or [say("(none)")])
    yield Heading(2, say("Train it again"))
    yield code(*commands(results))


def _explains(errors: int, results: ModelResults, say: Say) -> str:
    """How much of all that goes wrong a finding explains; '' where nothing was counted."""
    of = all_errors(results)
    if not errors or not of or not results.has_confusions:
        return ""
    return " " + say("Explains {errors:,} of {of:,} errors.", errors=errors, of=of)


def headline(results: ModelResults, say: Say) -> str:
    """One line: how good, and of which epoch."""
    return say(
        "mAP50 {ap50}, mAP50-95 {ap} (label-aware), best epoch {best} of {epochs}",
        ap50=text_of(results.overall.ap50),
        ap=text_of(results.overall.ap50_95),
        best=results.best_epoch,
        epochs=len(results.epochs),
    )


def _numbers(results: ModelResults) -> dict[str, int | float | str]:
    figures = {
        "mAP50": results.overall.ap50,
        "mAP50-95": results.overall.ap50_95,
        "missed_share": results.overall.missed_share,
        "false_positives": results.overall.false_positives,
        "best_epoch": results.best_epoch,
    }
    return {
        key: round(value, 4) if isinstance(value, float) else value
        for key, value in figures.items()
        if value is not None
    }
