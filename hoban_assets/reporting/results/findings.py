"""What a person should know of a model's results, in plain words, each with what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hoban_assets.howto import build
from hoban_assets.reporting.results.figures import Finding, ModelResults
from hoban_assets.reporting.results.of_errors import MORE_EPOCHS, of_errors

MORE_VALIDATION = "Raise val_share or quota in the recipe."
OVERFITTED = (
    "best.pt is of the best epoch, so nothing is lost; fewer epochs or a lower training: patience "
    "save time, more or more varied images help."
)
EVALUATE_AGAIN = (
    "Materialise it once more, which records them (same dataset and settings: it is only "
    "evaluated again): {command}"
)
TRAIN_AGAIN = "To use it: {command}"
FEW_LABELS = 100
"""Below it the recall of a class is uncertain by more than 5 points: 0.5 / sqrt(labels)."""


def findings(results: ModelResults) -> list[Finding]:
    """Return what stands out: problems first, by how many errors each explains."""
    found = [*of_errors(results), *of_training(results)]
    if not any(f.level in ("bad", "warn") for f in found):
        found.append(Finding("good", "No problem stands out."))
    return sorted(found, key=_rank)


def all_errors(results: ModelResults) -> int:
    """Misses, false alarms and mix-ups of validation, at `CONFIDENCE`."""
    o = results.overall
    return (o.missed or 0) + (o.false_positives or 0) + sum(c.count for c in results.confusions)


def _rank(found: Finding) -> tuple[bool, int, int]:
    """Problems before the rest, of these the one first that explains most errors."""
    order = ("bad", "warn", "good", "info")
    is_problem = found.level in ("bad", "warn")
    return not is_problem, -found.errors if is_problem else 0, order.index(found.level)


def of_training(results: ModelResults) -> Iterator[Finding]:
    """How it went, whether there are enough labels to judge by, and what else to know."""
    yield from _course(results)
    yield from _validation(results)
    yield from _notes(results)


def _course(results: ModelResults) -> Iterator[Finding]:
    t = results.trend
    values: dict[str, Any] = {"epochs": t.epochs, "best": results.best_epoch}
    if t.best is None or t.last is None:
        return
    values |= {
        "high": t.best,
        "last": t.last,
        "rise": t.rise,
        "partition": results.partition.upper(),
    }
    if t.state == "too_short":
        yield Finding("info", "Only {epochs} epochs: too few to judge.", (MORE_EPOCHS,), values)
    elif t.state == "improving":
        text = (
            "It was still improving when it ended: best epoch {best} of {epochs}, mAP50-95 "
            "{rise:+.3f} over the last third."
        )
        yield Finding("warn", text, (MORE_EPOCHS,), values)
    elif t.state == "overfitted":
        text = (
            "It overfitted: best at epoch {best} of {epochs} (mAP50-95 {high:.3f}), "
            "then down to {last:.3f}."
        )
        yield Finding("warn", text, (OVERFITTED,), values)
    else:
        text = (
            "It had levelled off (best epoch {best} of {epochs}): more epochs alone change little."
        )
        yield Finding("good", text, (), values)
    if results.epochs_planned and t.epochs < results.epochs_planned:
        text = "Ended after {epochs} of {planned} epochs, as it no longer got better (patience)."
        yield Finding("info", text, (), {**values, "planned": results.epochs_planned})


def _validation(results: ModelResults) -> Iterator[Finding]:
    """Whether there are enough labels to judge by."""
    unjudged = {c.class_name: "" for c in results.classes if not c.labels and c.ap50 is None}
    if unjudged:
        text = "No label in validation, so not judged: {listed}."
        yield Finding("warn", text, (MORE_VALIDATION,), {"listed": unjudged})
    few = {
        c.class_name: f"{c.labels:,} (±{50 / c.labels**0.5:.0f})"
        for c in results.classes
        if c.labels and c.labels < FEW_LABELS
    }
    if few:
        text = (
            "Few labels in validation (in brackets by how many points recall may be off): {listed}."
        )
        yield Finding("info", text, (MORE_VALIDATION,), {"listed": few})


def _notes(results: ModelResults) -> Iterator[Finding]:
    if results.resumed:
        text = (
            "It was stopped and went on after epoch {after}: trained without a stop, its figures "
            "would be a little different ones."
        )
        after = ", ".join(map(str, results.resumed))
        yield Finding("info", text, (), {"after": after})
    fair, stock = results.overall.ap50, results.stock.get("mAP50")
    if fair is not None and stock is not None and fair - stock >= 0.05:
        text = (
            "Ultralytics itself counts mAP50 {stock:.3f}: it takes found objects that a source "
            "does not label for mistakes. The figures here judge a class only where it is labelled."
        )
        yield Finding("info", text, (), {"stock": stock})
    again = build(results.model, partition=results.partition)
    if not results.has_confusions:
        text = "Confusions and false positives are missing: an older version evaluated this model."
        yield Finding("info", text, (EVALUATE_AGAIN,), {"command": again})
    if results.dataset_is_current is False:
        text = "{dataset} was built again after this training."
        values = {"dataset": results.dataset, "command": again}
        yield Finding("info", text, (TRAIN_AGAIN,), values)
