"""Which corrections concern a build: those of pictures that it has read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from hoban_assets.catalog.asked import Ask
from hoban_assets.corrections.rows import Correction
from hoban_assets.corrections.standing import standing_in, version_of
from hoban_assets.settings import Settings

Versions: TypeAlias = Mapping[tuple[str, str], str]
"""Asset and partition -> data version of the corrections that concern its current build."""


def corrections_now(ask: Ask, settings: Settings) -> Versions:
    """Data versions of the corrections that stand, for every build that has read their pictures.

    A build has read what is among its images (by id or by bytes) or named by its decisions; see
    `pipeline.corrected.corrections_in`, by which a build records its own.

    Raises:
        HobanError: the log of corrections cannot be read.
    """
    return versions(ask, standing_in(settings.corrections).active)


def versions(ask: Ask, active: Sequence[Correction]) -> dict[tuple[str, str], str]:
    """See `corrections_now`; without a correction nothing is asked."""
    if not active:
        return {}
    columns = {
        "ids": [row.image_id for row in active],
        "hashes": [row.content_hash for row in active],
        "numbers": list(range(len(active))),
    }
    found: dict[tuple[str, str], set[int]] = {}
    for row in ask(_READ, columns):
        found.setdefault((row["asset"], row["partition"]), set()).add(row["number"])
    return {build: version_of(_at(active, numbers)) for build, numbers in found.items()}


def _at(active: Sequence[Correction], numbers: Iterable[int]) -> list[Correction]:
    return [active[number] for number in numbers]


_READ = """
WITH corrected AS (
    SELECT unnest($ids) AS image_id, unnest($hashes) AS content_hash, unnest($numbers) AS number
),
read AS (
    SELECT materialization_id, number FROM store.images JOIN corrected USING (image_id)
    UNION
    SELECT materialization_id, number FROM store.images JOIN corrected USING (content_hash)
    UNION
    SELECT materialization_id, number FROM store.decisions JOIN corrected USING (image_id)
)
SELECT asset, "partition", number FROM read JOIN store.current USING (materialization_id)
"""
