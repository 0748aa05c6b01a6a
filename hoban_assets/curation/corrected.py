"""The check that every correction was applied."""

from __future__ import annotations

from hoban_assets.corrections.apply import NOT_APPLIED, STAGE
from hoban_assets.curation.checks import Check
from hoban_assets.language import Say, plain
from hoban_assets.samples import Samples

SHOWN = 3
"""Pictures that are named."""


def corrections_applied(samples: Samples, say: Say = plain) -> Check:
    """Return a warning with the corrections that fit their pictures no more."""
    decisions = samples.decisions
    decisions = decisions[decisions.stage == STAGE]
    refused = decisions[decisions.rule.isin(NOT_APPLIED)]
    pictures = decisions.image_id[decisions.action == "correct"].nunique()
    numbers = {"corrected": float(pictures), "not applied": float(len(refused))}
    text = say("{n} pictures corrected by hand", n=f"{pictures:,}")
    if len(refused):
        text = say(
            "{n} corrections do not fit their pictures any more and were not applied: {pictures}; "
            "look at them with: hoban corrections list --state conflict",
            n=f"{len(refused):,}",
            pictures=", ".join(refused.image_id.iloc[:SHOWN]),
        )
    return Check("corrections_applied", refused.empty, text, numbers=numbers)
