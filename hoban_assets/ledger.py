"""The ledger of a build: what went into each stage, what came out, and how long it took.

`Ledger.step` is the only way in which assets call a stage, so that no stage can lose rows
unseen: ``images in = kept + dropped`` and ``boxes in = kept + dropped`` are counted from the
tables on both sides of the call and from the decisions that the stage wrote.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd

from hoban_assets.samples import Samples


@dataclass(frozen=True)
class StageCount:
    """Counts of one stage. Boxes include ignore regions; `seconds` is wall time."""

    stage: str
    images_in: int
    images_kept: int
    images_dropped: int
    boxes_in: int
    boxes_kept: int
    boxes_dropped: int
    seconds: float

    @property
    def is_conserved(self) -> bool:
        """True where nothing was lost and nothing came from nowhere."""
        return (
            self.images_in == self.images_kept + self.images_dropped
            and self.boxes_in == self.boxes_kept + self.boxes_dropped
        )


@dataclass
class Ledger:
    """Collects one `StageCount` a stage. `log` gets one line a stage as soon as it is done."""

    log: Callable[[str], None] = print
    stages: list[StageCount] = field(default_factory=list)

    def step(self, name: str, stage: Callable[[Samples], Samples], before: Samples) -> Samples:
        """Run `stage` on `before`, count, log, and return what it returned."""
        start = time.perf_counter()
        after = stage(before)
        new = after.decisions.iloc[len(before.decisions) :]
        self.record(
            name, len(before.images), len(before.boxes), after, new, time.perf_counter() - start
        )
        return after

    def record(
        self,
        name: str,
        images_in: int,
        boxes_in: int,
        after: Samples,
        decisions: pd.DataFrame,
        seconds: float,
    ) -> None:
        """Enter a stage whose input was no Samples (a reader), counted by the caller."""
        count = StageCount(
            stage=name,
            images_in=images_in,
            images_kept=len(after.images),
            images_dropped=int(decisions.images_removed.sum()),
            boxes_in=boxes_in,
            boxes_kept=len(after.boxes),
            boxes_dropped=int(decisions.boxes_removed.sum()),
            seconds=seconds,
        )
        self.stages.append(count)
        self.log(
            f"{name}: images {images_in:,} -> {count.images_kept:,}, "
            f"boxes {boxes_in:,} -> {count.boxes_kept:,} ({seconds:.1f} s)"
        )

    def table(self) -> pd.DataFrame:
        """One row a stage, columns as `StageCount`."""
        return pd.DataFrame([vars(s) for s in self.stages])

    def unbalanced(self) -> list[StageCount]:
        """Stages where in differs from kept + dropped; empty in every correct build."""
        return [s for s in self.stages if not s.is_conserved]
