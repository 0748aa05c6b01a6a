"""Models on the same pictures, in words and a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from hoban_assets.language import Say
from hoban_assets.reporting.blocks import Block, Paragraph, table

if TYPE_CHECKING:
    from hoban_assets.evaluation.comparing import Difference, Paired
    from hoban_assets.evaluation.noise import Noise


def headline(found: Paired, say: Say) -> str:
    """Say which model is better on the same pictures, and how sure that is."""
    whole = found.of()
    assert whole is not None  # noqa: S101  there is a mean wherever there is a class
    text = {
        "better": "On the same {images:,} pictures of {groups:,} cameras or clips ({title}), "
        "{after} is better than {before}: mAP50-95 {new:.3f} against {old:.3f} ({by}).",
        "worse": "On the same {images:,} pictures of {groups:,} cameras or clips ({title}), "
        "{after} is worse than {before}: mAP50-95 {new:.3f} against {old:.3f} ({by}).",
        "same": "On the same {images:,} pictures of {groups:,} cameras or clips ({title}), no "
        "difference between {after} and {before} is shown: mAP50-95 {new:.3f} against {old:.3f} "
        "({by}).",
    }[whole.direction]
    return say(
        text,
        images=found.images,
        groups=found.groups,
        title=found.title,
        after=found.after,
        before=found.before,
        new=whole.after,
        old=whole.before,
        by=change(whole, say),
    )


def change(step: Difference, say: Say) -> str:
    """Difference with its interval: ``+0.021, 95 %: +0.004 to +0.037``."""
    if step.around is None:
        return say("{by:+.3f}, too few cameras or clips for an interval", by=step.value)
    low, high = step.around.low, step.around.high
    return say("{by:+.3f}, 95 %: {low:+.3f} to {high:+.3f}", by=step.value, low=low, high=high)


def rows(found: Paired, say: Say, noise: Noise | None = None) -> list[dict[str, Any]]:
    """Table: a row a class and figure; `noise` adds what the seed alone does."""
    words = {"better": "better", "worse": "worse", "same": "not shown"}

    def told(step: Difference) -> dict[str, Any]:
        margin = noise.margin(step.class_name, step.measure) if noise else None
        if margin is None:
            return {}
        inside = say("inside") if abs(step.value) <= margin else say("beyond")
        return {say("seed noise"): f"±{margin:.3f} ({inside})"}

    return [
        {
            say("class"): say(step.class_name),
            say("figure"): step.measure,
            say("labels"): step.labels,
            found.before: step.before,
            found.after: step.after,
            say("difference"): change(step, say),
            say("verdict"): say(words[step.direction]),
            **told(step),
        }
        for step in found.differences
    ]


def blocks(
    same: Sequence[Paired], reason: str, say: Say, noise: Noise | None = None
) -> list[Block]:
    """Say in the first line which is better on the same pictures, or that pictures differ."""
    if not same:
        return [Paragraph(different_pictures(reason, say), "warn")]
    told: list[Block] = [Paragraph(headline(each, say)) for each in same]
    if noise is not None:
        told += [Paragraph(text) for each in same if (text := noise_text(each, noise, say))]
    return [*told, *(table(rows(each, say, noise)) for each in same)]


def noise_text(found: Paired, noise: Noise, say: Say) -> str:
    """Say whether the difference is more than trainings of one recipe differ; '' if not known."""
    whole, margin = found.of(), noise.margin("all", "mAP50-95")
    if whole is None or margin is None:
        return ""
    values = {
        "model": noise.model,
        "seeds": len(noise.seeds),
        "epochs": noise.epochs,
        "margin": margin,
    }
    if abs(whole.value) <= margin:
        return say(
            "Trainings that differ in nothing but the seed differ by up to {margin:.3f} ({model}, "
            "{seeds} seeds, {epochs} epochs): this difference is inside it.",
            **values,
        )
    return say(
        "Trainings that differ in nothing but the seed differ by up to {margin:.3f} ({model}, "
        "{seeds} seeds, {epochs} epochs): this difference is beyond it.",
        **values,
    )


def different_pictures(reason: str, say: Say) -> str:
    """Say that figures of different pictures follow, and why."""
    return say(
        "Different pictures: each model is judged on its own validation images, so a difference "
        "may come from the images ({reason}).",
        reason=reason,
    )


def as_json(found: Sequence[Paired]) -> list[dict[str, Any]]:
    """Return everything as plain data."""
    return [
        {
            **{key: value for key, value in asdict(each).items() if key != "differences"},
            "differences": [
                {**asdict(step), "difference": step.value, "direction": step.direction}
                for step in each.differences
            ],
        }
        for each in found
    ]
