"""Pictures of a model's results: its curves, validation images, and its worst mistakes drawn."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from PIL import Image

from hoban_assets.language import Say
from hoban_assets.reporting.blocks import Block, Heading, Paragraph, Picture, Pictures
from hoban_assets.reporting.composition import markdown_preview
from hoban_assets.reporting.gallery.drawing import Mark, annotated, open_upright
from hoban_assets.reporting.page import picture_uri
from hoban_assets.reporting.results.figures import ModelResults

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
_KEY = {"right": "right", "wrong": "wrong", "not_found": "missed"}


def worst(results: ModelResults, say: Say) -> Iterator[Block]:
    """The images with the most mistakes, where they are still there."""
    if pictures := list(_worst_images(results, say)):
        yield Heading(2, say("The images with the most mistakes"))
        yield Pictures(pictures, key={say(_KEY[kind]): c for kind, c in COLOUR_OF.items()})


def curves(results: ModelResults, say: Say) -> Iterator[Block]:
    """The pictures of the run folder; says so where they are gone."""
    known = {"Curves": CURVES, "Validation images": PREDICTIONS}
    found = {title: _embedded(results, wanted, say) for title, wanted in known.items()}
    for title, pictures in found.items():
        if pictures:
            yield Heading(2, say(title))
            yield Pictures(pictures)
    if not found["Curves"]:
        text = say("The pictures of this training are gone: {path}", path=results.path or "-")
        yield Paragraph(text, "soft")


def previews(results: ModelResults) -> Iterator[str]:
    """Pictures of the run folder as Markdown."""
    for name in PREVIEWED:
        file = Path(results.path or "") / name
        if results.path and file.is_file():
            yield markdown_preview(file, 700)


def _embedded(results: ModelResults, wanted: Mapping[str, str], say: Say) -> list[Picture]:
    found = []
    for name, caption in wanted.items():
        file = Path(results.path or "") / name
        if results.path and file.is_file():
            with Image.open(file) as picture:
                found.append(Picture(picture_uri(picture, 1100), say(caption), name))
    return found


def _worst_images(results: ModelResults, say: Say) -> Iterator[Picture]:
    """Draw right, wrong and missed boxes. Images that are gone are left out."""
    run = Path(results.path or "")
    listed = run / "worst_images.json"
    if not results.path or not listed.is_file():
        return
    folder = _validation_images(run)
    for facts in json.loads(listed.read_text(encoding="utf-8"))[:DRAWN]:
        file = folder / facts["name"]
        if not file.is_file():
            continue
        picture = annotated(open_upright(file), [_mark(box, say) for box in facts["boxes"]], 900)
        counts = {key: facts[key] for key in ("missed", "false", "confused")}
        told = say("missed {missed}, wrong {false}, mixed up {confused}", **counts)
        yield Picture(picture_uri(picture, 700), f"{told} · {facts['name']}", facts["name"])


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
