"""Models on the same pictures, in words and a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from hoban_assets.language import Say
from hoban_assets.reporting.blocks import Block, Paragraph, table

if TYPE_CHECKING:
    from hoban_assets.evaluation.comparing import Difference, Paired


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


def rows(found: Paired, say: Say) -> list[dict[str, Any]]:
    """Table: a row a class and figure."""
    words = {"better": "better", "worse": "worse", "same": "not shown"}
    return [
        {
            say("class"): say(step.class_name),
            say("figure"): step.measure,
            say("labels"): step.labels,
            found.before: step.before,
            found.after: step.after,
            say("difference"): change(step, say),
            say("verdict"): say(words[step.direction]),
        }
        for step in found.differences
    ]


def blocks(same: Sequence[Paired], reason: str, say: Say) -> list[Block]:
    """Say in the first line which is better on the same pictures, or that pictures differ."""
    if not same:
        return [Paragraph(different_pictures(reason, say), "warn")]
    told: list[Block] = [Paragraph(headline(each, say)) for each in same]
    return [*told, *(table(rows(each, say)) for each in same)]


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
