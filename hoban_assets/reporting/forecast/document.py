"""Tells a forecast: its steps, what this machine lacks for them, and what measured the costs."""

from __future__ import annotations

from collections.abc import Iterator

from hoban_assets.language import Say
from hoban_assets.reporting.blocks import (
    Block,
    Code,
    Columns,
    Details,
    Finding,
    Heading,
    Paragraph,
    Table,
    listing,
)
from hoban_assets.reporting.forecast.figures import SLOW_HOURS, Forecast, Step
from hoban_assets.units import Bytes

_GROWS = {"images": "the images", "pairs": "their square"}


def document(found: Forecast, memory: int, free: int, say: Say) -> list[Block]:
    """Tell it. `memory` and `free` are the bytes of this machine and of the disk of the data."""
    return [
        Heading(
            1,
            say(
                "{images} images, engine {engine}, cores: {cores}",
                images=f"{found.images:,}",
                engine=found.engine,
                cores=found.cores,
            ),
        ),
        _table(found, say),
        *_findings(found, memory, free, say),
        Paragraph(
            say(
                "Extrapolated from constants that were measured on two server cores, with "
                "photographs of 640 to 1280 pixels and about three boxes an image. Training is "
                "not included, nor is the disk of the raw photographs. See docs/scale.md."
            ),
            "soft",
        ),
        Details(
            say("What measured it"), [Code("\n".join(dict.fromkeys(s.by for s in found.steps)))]
        ),
    ]


def _table(found: Forecast, say: Say) -> Table:
    """The steps in their order, and all of them."""
    whole = Step(
        "all", "one after the other", found.hours, found.cores, False, found.memory, found.disk
    )
    columns: Columns[Step] = {
        "step": lambda step: say(step.step),
        "work": lambda step: say(step.what),
        "hours": "hours",
        "cores": lambda step: None if step is whole else step.cores,
        "memory": "memory",
        "disk": "disk",
        "grows as": lambda step: say(_GROWS[step.grows]) if step.grows else "",
        "beyond what was measured": lambda step: (
            f"{step.beyond:,.0f}x" if step.beyond > 1 else None
        ),
    }
    return listing([*found.steps, whole], columns, say)


def _findings(found: Forecast, memory: int, free: int, say: Say) -> Iterator[Finding]:
    if found.memory > memory:
        largest = max(found.steps, key=lambda step: step.memory)
        yield Finding(
            "bad",
            say(
                "{step} needs {needed} of memory, and this machine has {has}.",
                step=say(largest.what),
                needed=found.memory,
                has=Bytes(memory),
            ),
            [say("Build it on a machine with more memory, or build fewer images at a time.")],
        )
    if found.disk > free:
        yield Finding(
            "bad",
            say(
                "{needed} of disk are needed, and {has} are free below the data root.",
                needed=found.disk,
                has=Bytes(free),
            ),
        )
    slow = [step for step in found.steps if step.hours > SLOW_HOURS and step.is_spread]
    if slow:
        yield Finding(
            "info",
            say(
                "{steps}: these run on all cores of a cluster.",
                steps=", ".join(say(step.what) for step in slow),
            ),
            [say("HOBAN_DATA_STEPS_FULL=ray, and --cores with all cores of the cluster")],
        )
