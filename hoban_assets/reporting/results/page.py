"""The page and the document of a model's results, with pictures."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml
from PIL import Image

from hoban_assets.classes import BACKGROUND, COLOURS
from hoban_assets.language import Say, speaker
from hoban_assets.reporting.composition import markdown_preview
from hoban_assets.reporting.gallery.drawing import Mark, annotated, open_upright
from hoban_assets.reporting.page import picture_uri, render
from hoban_assets.reporting.report import Report, save
from hoban_assets.reporting.results import text as text
from hoban_assets.reporting.results.figures import ModelResults
from hoban_assets.reporting.results.findings import findings
from hoban_assets.settings import Settings

CURVES = {
    "BoxPR_curve.png": "Precision over recall at IoU 0.5; the area below is AP50.",
    "BoxF1_curve.png": "F1 over confidence; the highest point is the best threshold.",
    "results.png": "Losses and metrics of each epoch (validation as Ultralytics counts it).",
    "confusion_matrix_normalized.png": "Confusions at confidence 0.25, share of each true class.",
}
PREDICTIONS = {
    "val_batch0_labels.jpg": "Some validation images with their labels.",
    "val_batch0_pred.jpg": "The same images with what the model found.",
}
PREVIEWED = ("BoxPR_curve.png", "confusion_matrix_normalized.png", "val_batch0_pred.jpg")
"""Pictures of the preview in the Dagster UI."""
DRAWN = 12
"""Worst images on the page; all of them are in worst_images.json."""
COLOUR_OF = {"right": "#2b8a3e", "wrong": "#e8590c", "not_found": "#e03131"}


def write(settings: Settings, results: ModelResults, log: Callable[[str], None]) -> Report:
    """Write ``<model>-<partition>.html`` and ``.md`` below ``reports/results``.

    Pictures that are gone are left out, and the page says so.
    """
    say = speaker(settings.language)
    folder = settings.reports / "results"
    stem = f"{results.model}-{results.partition}"
    worst = list(worst_images(results, say))
    html = render(
        "results.html.j2",
        settings.language,
        results=results,
        headline=text.headline(results, say),
        how_trained=text.how_trained(results, say),
        how_counted=text.how_counted(say),
        how_epochs=text.how_epochs(say),
        findings=[
            {"level": f.level, "text": f.said(say), "remedies": f.remedies_said(say)}
            for f in findings(results)
        ],
        classes=text.class_table(results),
        colours=COLOURS,
        matrix=list(shaded_matrix(results)),
        epochs=text.epoch_table(results),
        epoch_columns=text.EPOCH_COLUMNS,
        curves=embedded(results, CURVES, 1100),
        predictions=embedded(results, PREDICTIONS, 1100),
        worst=worst,
    )
    document = text.markdown(results, settings.language)
    page = save(folder / f"{stem}.html", html)
    log(f"{results.model} [{results.partition}]: {text.headline(results, say)}; {page}")
    return Report(
        files=(page, save(folder / f"{stem}.md", document)),
        preview=document + "\n" + "\n\n".join(_previews(results)),
        numbers=_numbers(results),
    )


def embedded(results: ModelResults, wanted: dict[str, str], longest: int) -> list[dict[str, str]]:
    """Pictures of the run folder that are there: caption and data URI, scaled down."""
    found = []
    for name, caption in wanted.items():
        file = Path(results.path or "") / name
        if results.path and file.is_file():
            with Image.open(file) as picture:
                uri = picture_uri(picture, longest)
            found.append({"name": name, "caption": caption, "uri": uri})
    return found


def worst_images(results: ModelResults, say: Say) -> Iterator[dict[str, Any]]:
    """Draw the images with the most mistakes: right, wrong and missed boxes.

    Yields name, source, counts, and uri. Images that are gone are left out.
    """
    run = Path(results.path or "")
    listed = run / "worst_images.json"
    if not results.path or not listed.is_file():
        return
    folder = _validation_images(run)
    for facts in json.loads(listed.read_text(encoding="utf-8"))[:DRAWN]:
        file = folder / facts["name"]
        if not file.is_file():
            continue
        marks = [_mark(box, say) for box in facts["boxes"]]
        picture = annotated(open_upright(file), marks, 900)
        counts = {key: facts[key] for key in ("name", "source", "missed", "false", "confused")}
        yield {**counts, "uri": picture_uri(picture, 700)}


def shaded_matrix(results: ModelResults) -> Iterator[dict[str, Any]]:
    """Rows of the confusion matrix: true class, cells with count, share of the row, and kind."""
    for true, row in results.matrix.items():
        total = sum(row.values()) or 1
        cells = [
            {"count": count, "share": (count or 0) / total, "kind": _kind(true, predicted)}
            for predicted, count in (
                (name, row.get(name)) for name in (*_without_background(results), BACKGROUND)
            )
        ]
        yield {"true": true, "cells": cells}


def _without_background(results: ModelResults) -> list[str]:
    return [name for name in results.matrix if name != BACKGROUND]


def _kind(true: str, predicted: str) -> str:
    return "right" if true == predicted else "wrong"


def _mark(box: dict[str, Any], say: Say) -> Mark:
    x, y, width, height = box["box"]
    name, kind = say(box["class_name"]), box["kind"]
    sure = "" if box["confidence"] is None else f" {box['confidence']:.2f}"
    return Mark(
        left=max(0.0, x - width / 2),
        top=max(0.0, y - height / 2),
        right=min(1.0, x + width / 2),
        bottom=min(1.0, y + height / 2),
        colour=COLOUR_OF[kind],
        text=f"{say('missed')}: {name}" if kind == "not_found" else f"{name}{sure}",
        style="dashed" if kind == "not_found" else "thin",
    )


def _validation_images(run: Path) -> Path:
    """Where the images lie that the model was judged on, as its data.yaml says."""
    data = run / "data.yaml"
    if not data.is_file():
        return run
    content = yaml.safe_load(data.read_text(encoding="utf-8"))
    return Path(content["path"]) / str(content["val"])


def _previews(results: ModelResults) -> Iterator[str]:
    for name in PREVIEWED:
        file = Path(results.path or "") / name
        if results.path and file.is_file():
            yield markdown_preview(file, 700)


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
