"""Tells a forecast: its steps, what this machine lacks for them, and what measured the costs."""

from __future__ import annotations

from collections.abc import Iterator

from hoban_assets.language import Say
from hoban_assets.reporting.blocks import (
    Block,
    Code,
    Details,
    Finding,
    Heading,
    Paragraph,
    Row,
    table,
)
from hoban_assets.reporting.forecast.figures import SLOW_HOURS, Forecast
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
        table([*_rows(found, say), _total(found, say)], None, say),
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


def _rows(found: Forecast, say: Say) -> Iterator[Row]:
    for step in found.steps:
        yield {
            "step": say(step.step),
            "work": say(step.what),
            "hours": step.hours,
            "cores": step.cores,
            "memory": step.memory,
            "disk": step.disk,
            "grows as": say(_GROWS[step.grows]),
            "beyond what was measured": f"{step.beyond:,.0f}x" if step.beyond > 1 else None,
        }


def _total(found: Forecast, say: Say) -> Row:
    return {
        "step": say("all"),
        "work": say("one after the other"),
        "hours": found.hours,
        "memory": found.memory,
        "disk": found.disk,
        "grows as": "",
    }


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
