"""Is a model worse than that of the version before? A check that warns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hoban_assets.curation.checks import Check
from hoban_assets.evaluation.comparing import Difference
from hoban_assets.language import Say, plain

NAME = "no_regression"
MEASURE = "mAP50-95"
TOLERANCE = 0.02
"""How far a figure may fall. A choice: more than a step between versions that was taken for
equal (0.476 and 0.491), far less than what filtering gained (0.491 to 0.593)."""

FIGURES = """
    SELECT m.asset, m.class_name, m."mAP50-95" AS value, d.data_version AS validation,
           e.value AS evaluation
    FROM model_figures AS m
    LEFT JOIN metrics AS e
        ON e.asset = m.asset AND e.partition = m.partition AND e.metric = 'evaluation'
    LEFT JOIN (
        SELECT asset, partition, arg_max(i.data_version, i.materialization_id) AS data_version
        FROM inputs AS i WHERE i.input IN (SELECT asset FROM assets WHERE kind = 'dataset')
        GROUP BY ALL
    ) AS d ON d.asset = m.asset AND d.partition = m.partition
    WHERE m.partition = ? AND m.source = 'all' AND m."mAP50-95" IS NOT NULL
"""
"""Question to the catalog: the figures of every current model of a partition."""


@dataclass(frozen=True)
class Figures:
    """What of a model is compared. Values are AP averaged over IoU 0.5 to 0.95, label-aware."""

    model: str
    overall: float | None
    """Mean over the classes that have a label in validation; None: not measured."""
    per_class: Mapping[str, float] = field(default_factory=dict)
    validation: str | None = None
    """Data version of the dataset whose validation images it was judged on."""
    evaluation: float | None = None
    """By which rules it was judged (``EVALUATION`` of the worker); None: of before that."""


def figures_of(rows: Iterable[Mapping[str, Any]], model: str) -> Figures | None:
    """Return the figures of `model` from rows of `FIGURES` (asset, class_name, value, validation).

    None where the rows hold nothing of it.
    """
    mine = [row for row in rows if row["asset"] == model]
    if not mine:
        return None
    values = {row["class_name"]: float(row["value"]) for row in mine}
    overall, first = values.pop("all", None), mine[0]
    rules = first.get("evaluation")
    known = None if rules is None or rules != rules else float(rules)  # pandas says nan for none
    return Figures(model, overall, values, first["validation"], known)


def previous_version(model: str, trained: Iterable[str]) -> str | None:
    """Return the model of the nearest recipe number below, among those that were trained.

    ``model_v10`` comes after ``model_v9``, and ``model_v9b`` between them.
    """
    order = _order(model)
    below = [name for name in trained if _is_versioned(name) and _order(name) < order]
    return max(below, key=_order, default=None)


def no_regression_on_the_same(
    found: Sequence[Difference],
    where: str,
    model: str,
    tolerance: float = TOLERANCE,
    say: Say = plain,
) -> Check:
    """Hold a model against the one of the version before, both judged on the same pictures.

    Fails where the mean or a class fell by more than `tolerance` and its 95 % interval lies below
    0, so that few pictures prove nothing.

    Args:
        found: differences of mAP50-95, the mean ('all') and each class.
        where: the pictures, in words.
        model: the earlier model.
        tolerance: how far a figure may fall.
        say: the words of the reader.
    """
    whole = next(step for step in found if step.class_name == "all")
    fallen = [
        s for s in found if s.value < -tolerance and s.around is not None and s.around.high < 0
    ]

    def told(step: Difference) -> str:
        around = step.around
        if around is None:
            return f"{step.before:.3f} -> {step.after:.3f} ({step.value:+.3f})"
        span = f"{around.low:+.3f} .. {around.high:+.3f}"
        return f"{step.before:.3f} -> {step.after:.3f} ({step.value:+.3f}; 95 %: {span})"

    parts = [
        say(
            "on the same pictures as {model} ({where}): {measure} {change}",
            model=model,
            where=where,
            measure=MEASURE,
            change=told(whole),
        )
    ]
    if fallen:
        what = ", ".join(f"{say(step.class_name)} {told(step)}" for step in fallen)
        parts.append(say("fell by more than {limit}: {what}", limit=tolerance, what=what))
    numbers = {"change": whole.value}
    numbers |= {f"change/{s.class_name}": s.value for s in found if s is not whole}
    return Check(NAME, not fallen, "; ".join(parts), numbers)


def no_regression(
    now: Figures, before: Figures | None, tolerance: float = TOLERANCE, say: Say = plain
) -> Check:
    """Hold a model against the one of the version before.

    Passes where nothing fell by more than `tolerance`, neither the mean nor a class that both
    were judged on, and where there is nothing to compare with. It never blocks: the validation
    images of two versions differ, so a difference of figures may come from either.
    """
    if before is None or before.overall is None:
        return Check(NAME, True, say("nothing to compare with: no earlier version has a model"))
    if now.overall is None:
        text = say(
            "{model} has no {measure}: no class has a validation label",
            model=now.model,
            measure=MEASURE,
        )
        return Check(NAME, False, text)
    if now.evaluation != before.evaluation:
        text = say(
            "not compared: {model} was evaluated by other rules; materialise it again, which "
            "evaluates it anew and does not train",
            model=before.model,
        )
        return Check(NAME, True, text)
    change = now.overall - before.overall
    shared = {c: now.per_class[c] - v for c, v in before.per_class.items() if c in now.per_class}
    lost = [c for c in before.per_class if c not in now.per_class]
    fallen = {c: d for c, d in shared.items() if d < -tolerance}
    parts = [
        say(
            "{measure} {now} against {before} of {model} ({change})",
            measure=MEASURE,
            now=f"{now.overall:.3f}",
            before=f"{before.overall:.3f}",
            model=before.model,
            change=f"{change:+.3f}",
        )
    ]
    if fallen:
        worst = sorted(fallen, key=lambda c: fallen[c])
        falls = (f"{say(c)} {before.per_class[c]:.3f} -> {now.per_class[c]:.3f}" for c in worst)
        what = ", ".join(falls)
        parts.append(say("fell by more than {limit}: {what}", limit=tolerance, what=what))
    if lost:
        names = ", ".join(map(say, lost))
        parts.append(say("no longer judged, no validation label: {classes}", classes=names))
    if before.validation is None or before.validation != now.validation:
        parts.append(
            say(
                "the two were judged on different validation images, so the figures are not "
                "strictly comparable"
            )
        )
    passed = change >= -tolerance and not fallen
    numbers = {"change": change, **{f"change/{c}": d for c, d in shared.items()}}
    return Check(NAME, passed, "; ".join(parts), numbers)


_VERSION = re.compile(r"model_v(\d+)(\w*)")


def _is_versioned(name: str) -> bool:
    return _VERSION.fullmatch(name) is not None


def _order(name: str) -> tuple[int, str]:
    """Return number and letters of a version; a name without one comes first."""
    match = _VERSION.fullmatch(name)
    return (int(match[1]), match[2]) if match else (-1, name)
