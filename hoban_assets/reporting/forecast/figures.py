"""What a build of so many images takes, from what it costs an image or a pair. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hoban_assets.reporting.forecast.costs import BASE_MEMORY, COSTS, Cost, Law
from hoban_assets.units import Bytes, Hours

SLOW_HOURS = 1.0
"""A step that takes longer than this is worth more cores, where it can use them."""


@dataclass(frozen=True)
class Step:
    """One kind of work at the size asked for."""

    step: str
    what: str
    hours: Hours
    """On the clock, if the cores do nothing else."""
    cores: int
    """That work on it."""
    is_spread: bool
    """Whether more machines would work on it as well."""
    memory: Bytes
    """Of the machine that does it, at its peak."""
    disk: Bytes
    """That stays taken afterwards."""
    grows: Law | None = None
    beyond: float = 0.0
    """How many times the largest size that was measured this is."""
    by: str = ""
    """Command that measures what it costs."""


@dataclass(frozen=True)
class Forecast:
    """All steps of a build, training apart."""

    images: int
    engine: str
    cores: int
    steps: Sequence[Step]

    @property
    def hours(self) -> Hours:
        """One step after the other."""
        return Hours(sum(step.hours for step in self.steps))

    @property
    def memory(self) -> Bytes:
        """Of the step that needs most."""
        return Bytes(max(step.memory for step in self.steps))

    @property
    def disk(self) -> Bytes:
        """Of all steps, without the raw photographs."""
        return Bytes(sum(step.disk for step in self.steps))


def forecast(images: int, engine: str, cores: int, machine: int | None = None) -> Forecast:
    """Say what a build of `images` images takes with a feature engine on so many cores.

    `cores` are those of all machines together, `machine` those of one (by default all are).
    """
    workers = {"one": 1, "machine": min(cores, machine or cores), "cluster": cores}
    costs = [cost for cost in COSTS if engine in cost.engines]
    steps = [_step(cost, images, workers[cost.who]) for cost in costs]
    return Forecast(images, engine, cores, steps)


def _step(cost: Cost, images: int, working: int) -> Step:
    units = images if cost.law == "images" else images * (images - 1) / 2
    return Step(
        cost.step,
        cost.what,
        Hours(cost.seconds * units / working / 3600),
        working,
        cost.who == "cluster",
        Bytes(BASE_MEMORY + cost.memory * images),
        Bytes(cost.disk * images),
        cost.law,
        images / cost.measured,
        cost.by,
    )
