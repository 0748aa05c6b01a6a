"""Which field of a recipe decides what a rule takes: the one place that says it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hoban_assets.reporting.why_model.figures import Taken


def field_of(taken: Taken, class_name: str, recipe: Mapping[str, Any], partition: str) -> str:
    """The field with its value of now, as it stands in ``defs.yaml``; '' where none decides it."""
    if taken.at_stage:
        return ""
    value = "" if taken.threshold is None else f"{taken.threshold:g}"
    areas = {"area_too_small": "least", "area_too_large": "most", "area_outlier": "outlier"}
    if taken.rule in areas:
        return f"area: {{ {class_name}: {{ {areas[taken.rule]}: {value} }} }}"
    if taken.rule == "crowded":
        return f"max_persons: {value}"
    if taken.rule == "near_duplicate":
        rule = recipe.get("duplicates", "picture")
        return f"similarity: {recipe.get('similarity')}, duplicates: {rule}"
    if taken.rule == "over_quota":
        quota = recipe.get("quota", {})
        return f"quota: {{ {partition}: {quota.get(partition)} }}"
    return ""
