"""From which score on a teacher is believed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Scores, 0-1, that part a teacher's predictions of one class into bands.

    From `box` on a prediction is a box; from `ignore` on an ignore region; below it is background.
    `confirmed` stands for `box` where the cross-check has found what belongs to the object (the
    labelled head of a body): then a lower score is enough. Its score is the one that the
    cross-check has corrected (`cross_check`).
    """

    box: float = 0.5
    ignore: float = 0.15
    confirmed: float = 0.12

    def __post_init__(self) -> None:
        """Refuse limits that are no scores, or in another order."""
        if not 0 < self.ignore <= self.box <= 1 or not 0 < self.confirmed <= self.box:
            raise ValueError(f"limits must be 0 < ignore, confirmed <= box <= 1, not {self}")
