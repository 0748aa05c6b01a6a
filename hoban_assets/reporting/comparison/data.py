"""A comparison of models as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from hoban_assets.ingredients import Change
from hoban_assets.reporting.comparison.document import figures_of
from hoban_assets.reporting.comparison.types import Against, Comparison, Step, Trained


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
            {"class": name, **figures_of(model, name)}
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
            for old, new in [(figures_of(base, name), figures_of(other.model, name))]
        },
        "recipe": listed(other.recipe),
        "training": listed(other.training),
        "data": other.data.as_json() if other.data else None,
        "warnings": [text.format(**values) for text, values in other.warnings],
    }
