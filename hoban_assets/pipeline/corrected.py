"""The step of a stage in which what people corrected by hand is put in."""

from __future__ import annotations

import time
from collections.abc import Sequence

from hoban_assets.corrections.apply import STAGE, Applied, apply_corrections
from hoban_assets.corrections.rows import Correction
from hoban_assets.corrections.standing import concerning, version_of
from hoban_assets.formats.source import Reader
from hoban_assets.ledger import Ledger
from hoban_assets.samples import Samples


def corrected(
    samples: Samples,
    corrections: Sequence[Correction],
    readers: Sequence[Reader],
    ledger: Ledger,
) -> Applied:
    """Apply the corrections of the pictures that these readers have.

    Boxes that people added count as read: what goes in is again what is kept and what is dropped.
    """
    sources = {reader.source.name for reader in readers}
    hashes = set(samples.images.content_hash)
    mine = [
        row
        for row in corrections
        if row.image_id.partition("/")[0] in sources or row.content_hash in hashes
    ]
    if not mine:
        return Applied(samples, 0)
    start = time.perf_counter()
    listed = {image_id for reader in readers for image_id in reader.image_ids()}
    applied = apply_corrections(samples, mine, listed)
    after = applied.samples
    new = after.decisions.iloc[len(samples.decisions) :]
    boxes_in = len(samples.boxes) + applied.boxes_added
    seconds = time.perf_counter() - start
    ledger.record(STAGE, len(samples.images), boxes_in, after, new, seconds)
    return applied


def looked_at(samples: Samples) -> frozenset[str]:
    """Ids of the images of which a person has said what is labelled completely on them."""
    decided = samples.decisions
    mine = (decided.stage == STAGE) & (decided.rule == "classes_complete")
    return frozenset(decided.image_id[mine])


def corrections_in(samples: Samples, corrections: Sequence[Correction]) -> str:
    """Data version of the corrections of pictures that a stage has read; '' where there are none.

    Read is what is among its images or named by its decisions, which is what a catalog can tell of
    it later (`freshness.corrected` asks for just that).
    """
    ids = {*samples.images.image_id, *samples.decisions.image_id}
    return version_of(concerning(corrections, ids, set(samples.images.content_hash)))
