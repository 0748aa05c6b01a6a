"""What a row is, how two sides are timed in turn, and what a row reports."""

from __future__ import annotations

import shutil
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from benchmarks.worker import CHECKOUT, Timing


@dataclass(frozen=True)
class Criterion:
    """One figure compared with its limit."""

    what: str
    """What is compared, such as 'time / orjson alone'."""
    ours: str
    peer: str
    ratio: float
    limit: float
    sense: Literal["at most", "at least"]
    unit: str = "x"

    @property
    def passed(self) -> bool:
        """Whether the ratio is on the right side of the limit."""
        return self.ratio <= self.limit if self.sense == "at most" else self.ratio >= self.limit


@dataclass(frozen=True)
class Result:
    """What a row measured; `notes` say what each side did, `samples` hold every single time."""

    criteria: Sequence[Criterion] = ()
    notes: Sequence[str] = ()
    samples: Mapping[str, Sequence[float]] = field(default_factory=dict)
    error: str | None = None

    @property
    def passed(self) -> bool:
        """Whether the row ran and every criterion holds."""
        return self.error is None and all(criterion.passed for criterion in self.criteria)


@dataclass(frozen=True)
class Context:
    """Where a row may write, and how large it is."""

    folder: Path
    """Empty folder of this row; removed afterwards."""
    quick: bool
    repeats: int

    def size(self, full: int, quick: int) -> int:
        """Choose the full size, or the small one of ``--quick``."""
        return quick if self.quick else full

    def say(self, text: str) -> None:
        """Tell on stderr what goes on."""
        sys.stderr.write(f"  {text}\n")
        sys.stderr.flush()


Row = Callable[[Context], Result]


def in_turn(
    context: Context, sides: Mapping[str, Callable[[int], Timing]]
) -> dict[str, list[Timing]]:
    """Time every side `context.repeats` times, one after the other in each round.

    Slow drifts of the machine (heat, caches, neighbours) then meet every side alike. A side is
    called with the number of the round.
    """
    timings: dict[str, list[Timing]] = {name: [] for name in sides}
    for turn in range(context.repeats):
        for name, side in sides.items():
            timings[name].append(side(turn))
            context.say(f"round {turn + 1}: {name} {timings[name][-1].seconds:.3f} s")
    return timings


def median(timings: Sequence[Timing]) -> float:
    """Median wall seconds."""
    return statistics.median(timing.seconds for timing in timings)


def processor_median(timings: Sequence[Timing]) -> float:
    """Median seconds of all processors together, whether one worked or all."""
    return statistics.median(timing.processor_seconds for timing in timings)


def samples(timings: Mapping[str, Sequence[Timing]]) -> dict[str, list[float]]:
    """Every single time of every side, in seconds, for the record."""
    return {name: [round(t.seconds, 4) for t in side] for name, side in timings.items()}


def agree(what: str, ours: object, peer: object) -> None:
    """Refuse a comparison of sides that did not do the same work.

    Raises:
        RuntimeError: they did not.
    """
    if ours != peer:
        raise RuntimeError(f"{what}: ours {ours}, peer {peer}: the sides did not do the same work")


def fresh(folder: Path) -> Path:
    """Return `folder` as one that does not exist yet (an earlier one is removed)."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    return folder


__all__ = [
    "CHECKOUT",
    "Context",
    "Criterion",
    "Result",
    "Row",
    "agree",
    "fresh",
    "in_turn",
    "median",
    "samples",
]
