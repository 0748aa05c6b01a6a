"""A comparison of models as a document, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hoban_assets.catalog.asked import Row
from hoban_assets.ingredients import Change, shown
from hoban_assets.language import Say
from hoban_assets.reporting.blocks import (
    Bars,
    Block,
    Cards,
    Cell,
    Heading,
    Paragraph,
    Picture,
    Pictures,
    Tone,
    bullets,
    table,
    without_empty_columns,
)
from hoban_assets.reporting.comparison.types import Against, Comparison, Step, Trained
from hoban_assets.reporting.diff.document import by_rule
from hoban_assets.units import Difference, text_of

MATRIX = "confusion_matrix_normalized.png"
COLOURS = ("#868e96", "#0b7285", "#e8590c", "#5f3dc4", "#2b8a3e", "#c92a2a")
"""Of the bars: the base grey, so that the others are seen against it."""
BARS = ("AP50", "AP50-95", "recall", "missed_share")
"""Figures that are drawn, where there are any."""
_METRICS = {
    "AP50": "ap50",
    "AP50-95": "ap50_95",
    "precision": "precision",
    "recall": "recall",
    "missed_share": "missed_share",
    "false_positives": "false_positives",
}
_COUNTED = ("missed_share", "false_positives")
"""From the confusions, at confidence 0.25; older evaluations have none."""
_VERDICTS = {
    "better": "{b} is better than {a}: mAP50 {after:.3f} against {before:.3f} ({by:+.3f}).",
    "worse": "{b} is worse than {a}: mAP50 {after:.3f} against {before:.3f} ({by:+.3f}).",
    "same": "{b} is about as good as {a}: mAP50 {after:.3f} against {before:.3f} ({by:+.3f}, "
    "within the ±{margin:.3f} that chance explains).",
}
_TITLES = {"better": "Better", "worse": "Worse", "same": "No clear difference"}
_TONES: dict[str, Tone] = {"better": "good", "worse": "bad"}


def document(found: Comparison, say: Say) -> Iterator[Block]:
    """Say which model is better and by how much, then why: figures, recipes, training, data."""
    names = " / ".join(model.name for model in found.models)
    yield Heading(1, f"{names} [{found.partition}]")
    yield Paragraph(say("Comparison of models"), "soft")
    yield Cards([_card(model, say) for model in found.models])
    if not found.others:
        yield Paragraph(
            say("Only one model is trained for this partition: nothing to compare yet.")
        )
    for other in found.others:
        yield Heading(2, _pair(found, other))
        if other.warnings:  # before a winner is named
            yield Heading(3, say("Compare with care"))
            yield bullets(say(text, **values) for text, values in other.warnings)
        first, *more = verdict(found.base, other, say)
        yield Paragraph(
            f"**{first}**", _TONES.get(other.overall.direction if other.overall else "", "")
        )
        yield from map(Paragraph, more)
    yield from _figures_of_classes(found, say)
    for other in found.others:
        yield Heading(2, say("What changed: {pair}", pair=_pair(found, other)))
        for title, changed in (("Recipe", other.recipe), ("Training", other.training)):
            yield Heading(3, say(title))
            yield _changes(changed, say)
        yield Heading(3, say("Data"))
        yield Paragraph(data_text(other, say))
        if other.data and not other.data.is_same:
            yield table(_data_rows(other, say), None, say)
        if other.data and (reasons := by_rule(other.data.removed_because, say)):
            yield Heading(3, say("Images that are not there any more, by rule"))
            yield table(without_empty_columns(reasons), None, say)


def confusions(found: Comparison, say: Say) -> Iterator[Block]:
    """The confusion matrices side by side, for the page."""
    yield Heading(2, say("Confusions"))
    text = (
        "Columns: what is really there; rows: what the model said. 'background' in the bottom row "
        "is what it missed."
    )
    yield Paragraph(say(text), "soft")
    yield Pictures([_matrix(model, say) for model in found.models], "22rem")


def _card(model: Trained, say: Say) -> tuple[str, Any, str]:
    results = model.results
    epochs = say(
        "best epoch {best} of {epochs}", best=results.best_epoch, epochs=len(results.epochs)
    )
    return (
        model.name,
        results.overall.ap50,
        f"mAP50 · mAP50-95 {text_of(results.overall.ap50_95)} · {epochs}",
    )


def _pair(found: Comparison, other: Against) -> str:
    return f"{found.base.name} → {other.model.name}"


def verdict(base: Trained, other: Against, say: Say) -> list[str]:
    """One to three sentences on AP50: overall, then the classes by direction."""
    step, names = other.overall, {"a": base.name, "b": other.model.name}
    if step is None:
        return [say("{b} cannot be compared with {a}: figures are missing.", **names)]
    values = {"before": step.before, "after": step.after, "by": step.difference}
    lines = [say(_VERDICTS[step.direction], **names, **values, margin=step.margin)]
    for direction, title in _TITLES.items():
        if steps := [_said(s, say) for s in other.steps if s.direction == direction]:
            lines.append(f"{say(title)}: {', '.join(steps)}.")
    return lines


def _said(step: Step, say: Say) -> str:
    return f"{say(step.class_name)} {step.before:.3f} → {step.after:.3f} ({step.difference:+.3f})"


def _figures_of_classes(found: Comparison, say: Say) -> Iterator[Block]:
    rows = figures(found)
    yield Heading(2, say("Figures of each class"))
    text = (
        "Label-aware: each class is judged only on images whose source labels it. 'all (stock)' "
        "is what Ultralytics counts. In brackets the difference to {model}."
    )
    yield Paragraph(say(text, model=found.base.name), "soft")
    colours = dict(zip([m.name for m in found.models], COLOURS * 9, strict=False))
    for metric in BARS:
        drawn = {
            say(name): {r["model"]: r[metric].value for r in rows if r["class"] == name}
            for name in ("all", *found.classes)
        }
        if any(value is not None for bars in drawn.values() for value in bars.values()):
            yield Bars(drawn, colours, title=say(metric).replace("_", " "))
    shown = [m for m in _METRICS if any(r[m].value is not None for r in rows)]
    yield table(rows, ["class", "model", *shown], say, ["class"])


def figures(found: Comparison) -> list[Row]:
    """One row a class and model: figures, each noted with its difference to the first model.

    Classes in the order of their ids after 'all' (their mean) and 'all (stock)': mAP as
    Ultralytics counts it, with objects that nobody labelled as mistakes.
    """
    rows = []
    for name in ("all", "all (stock)", *found.classes):
        base = figures_of(found.base, name)
        for model in found.models:
            own = figures_of(model, name)
            noted = {
                metric: Cell(value, "" if model is found.base else _signed(base[metric], value))
                for metric, value in own.items()
            }
            rows.append({"class": name, "model": model.name, **noted})
    return rows


def figures_of(model: Trained, name: str) -> dict[str, Any]:
    """Figures of one class under their column names; None where there is none."""
    results = model.results
    if name == "all (stock)":
        known = {"AP50": results.stock.get("mAP50"), "AP50-95": results.stock.get("mAP50-95")}
        return {metric: known.get(metric) for metric in _METRICS}
    classes = (results.overall, *results.classes)
    result = next((c for c in classes if c.class_name == name), None)
    return {
        metric: None
        if metric in _COUNTED and not results.has_confusions
        else getattr(result, attribute, None)
        for metric, attribute in _METRICS.items()
    }


def _signed(before: float | None, after: float | None) -> str:
    if before is None or after is None:
        return ""
    difference = after - before
    return f"{difference:+,}" if isinstance(difference, int) else f"{difference:+.3f}"


def _changes(changed: Sequence[Change] | None, say: Say) -> Block:
    """Field, before, after; or why there is no table."""
    if not changed:
        return Paragraph(say("Not recorded." if changed is None else "Nothing differs."), "soft")
    rows = [{"field": c.field, "before": shown(c.before), "after": shown(c.after)} for c in changed]
    return table(rows, None, say)


def data_text(other: Against, say: Say) -> str:
    """How much of the data both models share."""
    data = other.data
    if data is None:
        return say("Not known: rows were pruned.")
    if data.is_same:
        return say("Both were trained on the same images and boxes.")
    images, val = data.images, data.val
    return say(
        "{common:,} images are in both datasets ({share:.0f} % of {new}); {removed:,} left, "
        "{added:,} came. In validation {val_common:,} of {val_new:,} are common.",
        common=images["common"],
        share=100 * images["common"] / max(1, data.new.images),
        new=data.new.name,
        removed=images["removed"],
        added=images["added"],
        val_common=val["common"],
        val_new=val["new"],
    )


def _data_rows(other: Against, say: Say) -> list[Row]:
    """Images, boxes of each class and images of each source, before and after."""
    data = other.data
    if data is None:
        return []
    counts = [
        ("images", "", data.old.images, data.new.images),
        ("boxes", "", data.old.boxes, data.new.boxes),
        *(("boxes", say(r["class_name"]), r["before"], r["after"]) for r in data.classes),
        *(("images", r["source"], r["images_before"], r["images_after"]) for r in data.sources),
    ]
    return [
        {"what": say(what), "of": of, "before": a, "after": b, "difference": Difference(b - a)}
        for what, of, a, b in counts
    ]


def _matrix(model: Trained, say: Say) -> Picture:
    """The confusion matrix of a run folder; says so where it is gone."""
    file = Path(model.results.path or "") / MATRIX
    if not model.results.path or not file.is_file():
        return Picture("", f"{model.name}: {say('The picture is gone with the run folder.')}")
    from PIL import Image

    from hoban_assets.reporting.page import picture_uri

    with Image.open(file) as opened:
        return Picture(picture_uri(opened, longest=1000), model.name)
