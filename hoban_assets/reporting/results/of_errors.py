"""What a model gets wrong on validation, as findings.

Limits are choices, set so that the problems that a team once found by hand (person
missed in 38 %, 605 false positives on background, 109 helmet mix-ups) would be named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hoban_assets.classes import WITH_HELMET, WITHOUT_HELMET
from hoban_assets.reporting.results.figures import (
    CONFIDENCE,
    HELMET_PAIR,
    ClassResult,
    Confusion,
    Finding,
    Level,
    ModelResults,
)

# What to do, each the key of its translation; in braces values of the `Finding`, `name_id` being
# the class as commands take it.
LOOK_AT_WORST = "Look at the worst images on the page (worst_images.json in the run folder)."
LOOK_AT_LABELS = (
    "Look at its labels: hoban gallery {dataset} --class {name_id} --partition {partition}"
)
LOOK_AT_SMALL = (
    "Look at the smallest heads: hoban gallery {dataset} --class {name_id} --order smallest "
    "--partition {partition}"
)
SIZES = (
    "Small boxes are hard: hoban sizes {dataset} --class {name_id} --partition {partition}, then "
    "raise area: {name_id}: least in the recipe, or HOBAN_IMAGE_SIZE."
)
COMPLETE_LABELS = (
    "{unlabelled:.0f} % of the training images are from sources that do not label this class. "
    "Where they show it, training teaches 'background': complete those labels, or use fewer such "
    "images."
)
EMPTY_SCENES = "Add images without objects: background and backgrounds in the recipe."
LOWER = (
    "It is found, but not surely: at the confidence of the best F1 recall is {recall:.2f} "
    "(BoxF1_curve.png). A lower threshold, or longer training."
)
PRETRAINED = "Start from trained weights (HOBAN_WEIGHTS), not from a .yaml."
MORE_EPOCHS = "Train longer: HOBAN_EPOCHS_{partition}."

MISSED = 0.30
"""Share of a class's labels that may be missed."""
FALSE = 0.30
"""Share of a class's detections that may match nothing."""
MIXED_UP = 0.05
"""Share of a class's labels that may be found as one other class."""
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


def of_errors(results: ModelResults) -> Iterator[Finding]:
    """What it misses, mixes up and sees where nothing is; or only that it has hardly learned."""
    missed = results.overall.missed_share
    if results.has_confusions and missed is not None and missed >= HARDLY_TRAINED:
        yield _hardly_trained(results, missed)
        return
    for of_class in results.classes:
        yield from _of_class(of_class, results)
    yield from _helmets(results)
    for c in results.confusions:
        if not c.helmet_pair and c.share >= MIXED_UP:
            yield _mix_up(c)
    yield from _empty(results)
    yield from _sources(results)


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
