"""What a person should know of a model's results, in plain words, each with what to do about it.

Limits are choices, set so that the problems that a team once found by hand (person
missed in 38 %, 605 false positives on background, 109 helmet mix-ups) would be named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from hoban_assets.classes import WITH_HELMET, WITHOUT_HELMET
from hoban_assets.language import Say
from hoban_assets.reporting.results.figures import (
    CONFIDENCE,
    HELMET_PAIR,
    ClassResult,
    Confusion,
    ModelResults,
)
from hoban_assets.reporting.results.remedies import (
    COMPLETE_LABELS,
    EMPTY_SCENES,
    EVALUATE_AGAIN,
    LOOK_AT_LABELS,
    LOOK_AT_SMALL,
    LOOK_AT_WORST,
    LOWER,
    MORE_EPOCHS,
    MORE_VALIDATION,
    OVERFITTED,
    PRETRAINED,
    SIZES,
    TRAIN_AGAIN,
)

Level = Literal["bad", "warn", "good", "info"]

MISSED = 0.30
"""Share of a class's labels that may be missed."""
FALSE = 0.30
"""Share of a class's detections that may match nothing."""
MIXED_UP = 0.05
"""Share of a class's labels that may be found as one other class."""
FEW_LABELS = 100
"""Below it the recall of a class is uncertain by more than 5 points: 0.5 / sqrt(labels)."""
FALSE_ON_EMPTY = 0.05
"""False alarms an empty image."""
UNLABELLED = 0.5
"""Share of the training images that do not label a class, from which on it is named as a cause."""
LOOSE = 0.5
"""AP50-95 / AP50 below which boxes do not fit well (0.61 in a poor model, 0.68 in a better one)."""
HARDLY_TRAINED = 0.8
"""Share of all labels that are missed from which on single causes are not worth naming."""
LOWER_CONFIDENCE = 0.15
"""Recall that the best F1 must have above what is found at the counted confidence."""
SOURCE_GAP = 0.2
"""AP50 by which a class may be worse on one source than over all."""


@dataclass(frozen=True)
class Finding:
    """A sentence (English, the key of its translation) and what to do; `values` fill both."""

    level: Level
    text: str
    remedies: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    errors: int = 0
    """Misses, false alarms and mix-ups of validation that it explains; one may have several
    explanations."""

    def said(self, say: Say) -> str:
        """The sentence in the language of `say`."""
        return say(self.text, **self._translated(say))

    def remedies_said(self, say: Say) -> list[str]:
        """What to do about it, each a sentence."""
        return [say(remedy, **self._translated(say)) for remedy in self.remedies]

    def _translated(self, say: Say) -> dict[str, Any]:
        """Class names are translated; their raw names stay as <key>_id, for commands.

        `listed` (class name -> text) becomes one text.
        """
        names = {k: v for k, v in self.values.items() if k in ("name", "true", "predicted")}
        ids = {f"{k}_id": v for k, v in names.items()}
        listed = ", ".join(f"{say(k)} {v}" for k, v in self.values.get("listed", {}).items())
        return {**self.values, **{k: say(v) for k, v in names.items()}, **ids, "listed": listed}


def findings(results: ModelResults) -> list[Finding]:
    """Return what stands out: problems first, by how many errors each explains."""
    missed = results.overall.missed_share
    if results.has_confusions and missed is not None and missed >= HARDLY_TRAINED:
        found = [_hardly_trained(results, missed)]
    else:
        found = [
            *(f for c in results.classes for f in _of_class(c, results)),
            *_helmets(results),
            *(_mix_up(c) for c in results.confusions if not c.helmet_pair and c.share >= MIXED_UP),
            *_empty(results),
            *_sources(results),
        ]
    found += [*_course(results), *_validation(results), *_notes(results)]
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


def _of_class(c: ClassResult, results: ModelResults) -> Iterator[Finding]:
    values = {"name": c.class_name, "dataset": results.dataset, "partition": results.partition}
    if c.labels and c.missed_share is not None and c.missed_share >= MISSED:
        yield _missed(c, values)
    if c.detections and c.false_positives is not None and c.false_positives >= 5:
        share = c.false_positives / c.detections
        if share >= FALSE:
            more = {"count": c.false_positives, "of": c.detections, "percent": share * 100}
            text = "{name}: {count:,} of {of:,} detections ({percent:.0f} %) match no label."
            remedies = (LOOK_AT_WORST, EMPTY_SCENES)
            yield Finding("warn", text, remedies, {**values, **more}, c.false_positives)
    if c.ap50 and c.ap50 >= 0.5 and c.ap50_95 is not None and c.ap50_95 / c.ap50 < LOOSE:
        more = {"ap50": c.ap50, "ap": c.ap50_95}
        text = "{name}: found (AP50 {ap50:.2f}), but its boxes fit loosely (AP50-95 {ap:.2f})."
        yield Finding("warn", text, (LOOK_AT_LABELS,), {**values, **more})


def _missed(c: ClassResult, values: Mapping[str, Any]) -> Finding:
    remedies = [SIZES] if c.missed is None else [LOOK_AT_WORST, SIZES]
    more: dict[str, Any] = {"percent": (c.missed_share or 0) * 100, "of": c.labels}
    if c.unlabelled_share is not None and c.unlabelled_share >= UNLABELLED:
        more["unlabelled"] = c.unlabelled_share * 100
        remedies.insert(0, COMPLETE_LABELS)
    if c.missed is None:
        text = "{name}: about {percent:.0f} % of {of:,} labels are missed (1 - recall)."
    else:
        more["count"] = c.missed
        if c.recall is not None and c.recall - 1 + (c.missed_share or 0) >= LOWER_CONFIDENCE:
            more["recall"] = c.recall
            remedies.insert(0, LOWER)
        text = "{name}: {count:,} of {of:,} labels are missed ({percent:.0f} %)."
    missed = c.missed if c.missed is not None else round((c.missed_share or 0) * (c.labels or 0))
    return Finding("bad", text, tuple(remedies), {**values, **more}, missed)


def _hardly_trained(results: ModelResults, missed: float) -> Finding:
    text = (
        "Almost nothing is found at confidence {confidence}: {percent:.0f} % of all labels are "
        "missed. The model has hardly learned yet."
    )
    values: dict[str, Any] = {"confidence": CONFIDENCE, "percent": missed * 100}
    from_scratch = (results.weights or "").endswith(".yaml")
    remedies = (MORE_EPOCHS, PRETRAINED) if from_scratch else (MORE_EPOCHS,)
    values["partition"] = results.partition.upper()
    return Finding("bad", text, remedies, values, results.overall.missed or 0)


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


def _helmets(results: ModelResults) -> Iterator[Finding]:
    if not results.has_confusions:
        return
    pair = {c.true: c for c in results.confusions if c.helmet_pair}
    worn, bare = pair.get(WITH_HELMET), pair.get(WITHOUT_HELMET)
    total = sum(c.count for c in pair.values())
    if not total:
        if sum(c.found or 0 for c in results.classes if c.class_name in HELMET_PAIR) >= 10:
            yield Finding("good", "No helmet was taken for none, and none for a helmet.")
        return
    share = max(c.share for c in pair.values())
    text = (
        "Helmet mix-ups: {count:,}. Without a helmet but taken for with: {bare:,} (an alarm that "
        "does not come); with, but taken for without: {worn:,} (a false alarm)."
    )
    values = {
        "count": total,
        "bare": bare.count if bare else 0,
        "worn": worn.count if worn else 0,
        "dataset": results.dataset,
        "partition": results.partition,
        "name": WITHOUT_HELMET,
    }
    level: Level = "bad" if share >= MIXED_UP else "warn"
    yield Finding(level, text, (LOOK_AT_SMALL, SIZES), values, total)


def _mix_up(c: Confusion) -> Finding:
    text = "{true}: {count:,} labels ({percent:.0f} %) are taken for {predicted}."
    values = {"true": c.true, "predicted": c.predicted, "count": c.count, "percent": c.share * 100}
    return Finding("warn", text, (LOOK_AT_WORST,), values, c.count)


def _empty(results: ModelResults) -> Iterator[Finding]:
    if not results.has_confusions:
        return
    count, images = results.overall.false_on_empty or 0, results.empty_images or 0
    if not images:
        text = "No validation image is without an object: false alarms on empty scenes are unknown."
        yield Finding("info", text, (EMPTY_SCENES,))
        return
    values = {"count": count, "images": images, "trained": results.trained_backgrounds or 0}
    text = "{count:,} false alarms on {images:,} empty images."
    if count / images >= FALSE_ON_EMPTY:
        yield Finding("warn", text, (EMPTY_SCENES,), values, count)
    else:
        yield Finding("good", text, (), values)


def _sources(results: ModelResults) -> Iterator[Finding]:
    over_all = {c.class_name: c.ap50 for c in results.classes}
    for row in results.sources:
        mean = over_all.get(row["class"])
        if mean is None or row.get("AP50") is None or (row["labels"] or 0) < 10:
            continue
        if mean - row["AP50"] >= SOURCE_GAP:
            values = {
                "name": row["class"],
                "source": row["source"],
                "ap": row["AP50"],
                "mean": mean,
                "labels": row["labels"],
                "dataset": results.dataset,
                "partition": results.partition,
            }
            text = (
                "{name} from {source}: AP50 {ap:.2f}, over all sources {mean:.2f} "
                "({labels:,} labels)."
            )
            missed = round((1 - (row.get("recall") or 0)) * row["labels"])
            yield Finding("warn", text, (LOOK_AT_LABELS,), values, missed)


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
    if not results.has_confusions:
        text = "Confusions and false positives are missing: an older version evaluated this model."
        values = {"model": results.model, "partition": results.partition}
        yield Finding("info", text, (EVALUATE_AGAIN,), values)
    if results.dataset_is_current is False:
        text = "{dataset} was built again after this training."
        values = {"dataset": results.dataset, "partition": results.partition}
        yield Finding("info", text, (TRAIN_AGAIN,), {**values, "model": results.model})
