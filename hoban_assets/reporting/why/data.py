"""The way of an image as data, for ``--json``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hoban_assets.catalog.asked import Row
from hoban_assets.language import Say
from hoban_assets.reporting.why.document import why_not
from hoban_assets.reporting.why.findings import Event, Outcome, Story
from hoban_assets.reporting.why.places import place_of
from hoban_assets.reporting.why.sentence import sentence
from hoban_assets.rules import meaning


def as_data(told: Story, say: Say, picture: Path | None = None) -> Row:
    """Everything for ``--json``; boxes as corners, shares of the image 0-1."""
    life = told.life
    return {
        "image_id": life.image_id,
        "read": True,
        "sentence": sentence(told, say),
        "file": life.file,
        "image": life.image,
        "format": told.format or None,
        "versions": [_version_data(told, outcome, say) for outcome in told.outcomes],
        "decisions": [_event_data(event, say) for event in told.events],
        "witnesses": [_witness_data(told, name) for name in life.witnesses],
        "models": [vars(each) for each in life.mistakes],
        "picture": None if picture is None else str(picture),
    }


def _version_data(told: Story, outcome: Outcome, say: Say) -> Row:
    passage = outcome.passage
    return {
        "asset": outcome.build.asset,
        "partition": outcome.build.partition,
        "outcome": outcome.kind,
        "split": passage.image["split"] if passage and passage.image else None,
        "rule": outcome.event.rule if outcome.event else None,
        "reason": why_not(told, outcome, say) or None,
        "by": outcome.where.asset if outcome.where else None,
        "group": passage.image["group_id"] if passage and passage.image else None,
        "group_images": dict(passage.group) if passage else {},
        "boxes": _boxes_data(passage.boxes) if passage else [],
    }


def _event_data(event: Event, say: Say) -> Row:
    keys = ("stage", "rule", "action", "file", "row", "value", "threshold", "witness", "class_name")
    return {
        "asset": event.build.asset,
        "partition": event.build.partition,
        **{key: getattr(event, key) for key in keys},
        "meaning": meaning(event.rule, say),
        "before": event.before,
        "after": event.after,
    }


def _witness_data(told: Story, name: str) -> Row:
    passage, found = told.life.witnesses[name], told.alignments.get(name)
    return {
        "image_id": name,
        "file": passage.image["file"] if passage.image else None,
        "transformation": found.way if found else None,
        "correlation": found.correlation if found else None,
        "boxes": _boxes_data(passage.boxes),
    }


def _boxes_data(boxes: Sequence[Row]) -> list[Row]:
    keys = ("row", "class_name", "area", "origin", "ignore")
    return [{**{k: box[k] for k in keys}, "corners": place_of(box)} for box in boxes]
