"""A comparison in words and tables, for terminal and Markdown (`diff_text.Part`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from hoban_assets.ingredients import Change, shown
from hoban_assets.language import Say
from hoban_assets.reporting.comparison.types import Against, Comparison, Step, Trained
from hoban_assets.reporting.diff.text import Part, without_empty_columns

if TYPE_CHECKING:
    from hoban_assets.catalog.answers import Row
    from hoban_assets.reporting.results.figures import ClassResult


def parts_of(found: Comparison, say: Say) -> list[Part]:
    """Say which model is better and by how much, then why: figures, recipes, training, data."""
    title = " / ".join(model.name for model in found.models) + f" [{found.partition}]"
    opening = "\n".join(line for other in found.others for line in verdict(found.base, other, say))
    if not found.others:
        opening = say("Only one model is trained for this partition: nothing to compare yet.")
    parts = [Part(title, opening, without_empty_columns(figures(found)))]
    for other in found.others:
        pair = f"{found.base.name} → {other.model.name}"
        warnings = "\n".join(f"- {text}" for text in warnings_of(other, say))
        if warnings:
            parts.append(Part(say("Compare with care: {pair}", pair=pair), warnings))
        for name, changed in ((say("Recipe"), other.recipe), (say("Training"), other.training)):
            parts.append(Part(f"{name}: {pair}", changes_text(changed, say), change_rows(changed)))
        parts.append(Part(f"{say('Data')}: {pair}", data_text(other, say), data_rows(other, say)))
    return parts


def figures(found: Comparison) -> list[Row]:
    """One row a class and model: figures, and their differences to the first model as text.

    Classes in the order of their ids after 'all' (their mean) and 'all (stock)': mAP as
    Ultralytics counts it, with objects that nobody labelled as mistakes.
    """
    rows = []
    for name in ("all", "all (stock)", *found.classes):
        base = _figures(found.base, name)
        for model in found.models:
            own = _figures(model, name)
            row: Row = {"class": name, "model": model.name}
            for metric, value in own.items():
                row[metric] = value
                if found.others:
                    is_base = model is found.base
                    row[f"{metric} ±"] = None if is_base else _signed(base[metric], value)
            rows.append(row)
    return rows


def verdict(base: Trained, other: Against, say: Say) -> list[str]:
    """One to three sentences on AP50: overall, then the classes by direction."""
    step = other.overall
    if step is None:
        return [say("{b} cannot be compared with {a}: figures are missing.", **_names(base, other))]
    text = {
        "better": "{b} is better than {a}: mAP50 {after:.3f} against {before:.3f} ({by:+.3f}).",
        "worse": "{b} is worse than {a}: mAP50 {after:.3f} against {before:.3f} ({by:+.3f}).",
        "same": "{b} is about as good as {a}: mAP50 {after:.3f} against {before:.3f} ({by:+.3f}, "
        "within the ±{margin:.3f} that chance explains).",
    }[step.direction]
    lines = [
        say(
            text,
            **_names(base, other),
            before=step.before,
            after=step.after,
            by=step.difference,
            margin=step.margin,
        )
    ]
    titles = {"better": "Better", "worse": "Worse", "same": "No clear difference"}
    for direction, title in titles.items():
        steps = [s for s in other.steps if s.direction == direction]
        if steps:
            lines.append(f"{say(title)}: {', '.join(_said(s, say) for s in steps)}.")
    return lines


def warnings_of(other: Against, say: Say) -> list[str]:
    """What keeps the figures from being compared one to one, a sentence each."""
    return [say(text, **values) for text, values in other.warnings]


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


def data_rows(other: Against, say: Say) -> list[Row]:
    """Images, boxes of each class and images of each source, before and after."""
    data = other.data
    if data is None or data.is_same:
        return []
    counts = [("images", "", data.old.images, data.new.images)]
    counts += [("boxes", "", data.old.boxes, data.new.boxes)]
    counts += [("boxes", say(r["class_name"]), r["before"], r["after"]) for r in data.classes]
    counts += [("images", r["source"], r["images_before"], r["images_after"]) for r in data.sources]
    return [
        {
            "what": say(what),
            "of": of,
            "before": before,
            "after": after,
            "difference": f"{after - before:+,}",
        }
        for what, of, before, after in counts
    ]


def as_json(found: Comparison) -> dict[str, Any]:
    """All of it as plain types; differences are numbers, `share` is 0-1."""
    return {
        "partition": found.partition,
        "base": found.base.name,
        "models": [_model_json(model) for model in found.models],
        "comparisons": [_against_json(found.base, other) for other in found.others],
    }


def _model_json(model: Trained) -> dict[str, Any]:
    results = model.results
    return {
        "model": model.name,
        "path": results.path,
        "best_epoch": results.best_epoch,
        "epochs": len(results.epochs),
        "dataset": model.data.name if model.data else None,
        "is_label_aware": model.is_label_aware,
        "stock": dict(results.stock),
        "classes": [
            {"class": name, **_figures(model, name)}
            for name in ("all", *(c.class_name for c in results.classes))
        ],
    }


def _against_json(base: Trained, other: Against) -> dict[str, Any]:
    def step(one: Step) -> dict[str, Any]:
        return {**asdict(one), "difference": one.difference, "direction": one.direction}

    def listed(changed: Sequence[Change] | None) -> list[dict[str, Any]] | None:
        return None if changed is None else [asdict(one) for one in changed]

    return {
        "model": other.model.name,
        "overall": step(other.overall) if other.overall else None,
        "classes": [step(s) for s in other.steps],
        "differences": {
            name: {
                metric: None if value is None or old[metric] is None else value - old[metric]
                for metric, value in new.items()
            }
            for name in ("all", *(c.class_name for c in other.model.results.classes))
            for old, new in [(_figures(base, name), _figures(other.model, name))]
        },
        "recipe": listed(other.recipe),
        "training": listed(other.training),
        "data": other.data.as_json() if other.data else None,
        "warnings": [text.format(**values) for text, values in other.warnings],
    }


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


def _figures(model: Trained, name: str) -> dict[str, Any]:
    """Figures of one class under their column names; None where there is none."""
    if name == "all (stock)":
        stock = model.results.stock
        known = {"AP50": stock.get("mAP50"), "AP50-95": stock.get("mAP50-95")}
        return {metric: known.get(metric) for metric in _METRICS}
    result = next((c for c in _class_results(model) if c.class_name == name), None)
    return {
        metric: None
        if metric in _COUNTED and not model.results.has_confusions
        else getattr(result, attribute, None)
        for metric, attribute in _METRICS.items()
    }


def _class_results(model: Trained) -> Iterator[ClassResult]:
    yield model.results.overall
    yield from model.results.classes


def _signed(before: float | None, after: float | None) -> str | None:
    if before is None or after is None:
        return None
    difference = after - before
    return f"{difference:+,}" if isinstance(difference, int) else f"{difference:+.3f}"


def _said(step: Step, say: Say) -> str:
    return f"{say(step.class_name)} {step.before:.3f} → {step.after:.3f} ({step.difference:+.3f})"


def _names(base: Trained, other: Against) -> dict[str, str]:
    return {"a": base.name, "b": other.model.name}


def changes_text(changed: Sequence[Change] | None, say: Say) -> str:
    """What stands instead of a table of changes; '' where there are some."""
    if changed is None:
        return say("Not recorded.")
    return "" if changed else say("Nothing differs.")


def change_rows(changed: Sequence[Change] | None) -> list[Row]:
    """Field, before, after: values as text."""
    return [
        {"field": c.field, "before": shown(c.before), "after": shown(c.after)}
        for c in changed or ()
    ]
