"""Which two materialisations a diff is about: names and numbers as people type them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hoban_assets.asset_names import dataset_of
from hoban_assets.catalog.asked import Ask
from hoban_assets.errors import HobanError
from hoban_assets.howto import build_all


@dataclass(frozen=True)
class Side:
    """One materialisation that still has its rows."""

    materialization_id: int
    asset: str
    partition: str
    created_at: datetime
    """UTC."""
    images: int
    boxes: int
    """Labels, without ignore regions."""
    data_version: str | None
    recipe: str | None = None
    """What it was made by, as JSON; None: not known."""

    @property
    def prescale(self) -> int | None:
        """Pixels of the long side that larger photographs were scaled to; None: none was."""
        asked = json.loads(self.recipe or "{}").get("prescale")
        return (asked.get(self.partition) if isinstance(asked, dict) else asked) or None

    @property
    def name(self) -> str:
        """``dataset_v9@12``: what `hoban diff` takes."""
        return f"{self.asset}@{self.materialization_id}"


_SIDES = """
SELECT m.materialization_id, m.asset, m.partition, m.created_at, m.images, m.boxes, m.data_version,
       m.recipe,
       m.images = 0 OR m.materialization_id IN (
           SELECT DISTINCT materialization_id FROM store.images) AS has_rows
FROM store.materializations AS m
WHERE m.asset = $asset AND m.images IS NOT NULL
ORDER BY m.materialization_id DESC
"""


def side_of(ask: Ask, asset: str, partition: str, number: int | None = None) -> Side:
    """Return the current materialisation of an asset that is known, or the one of this number.

    A number says itself which partition is meant.

    Raises:
        HobanError: never built, no materialisation of this asset, or its rows were pruned.
    """
    found = ask(_SIDES, {"asset": asset})
    if number is None:
        chosen = [r for r in found if r["partition"] == partition][:1]
        if not chosen:
            raise HobanError(
                f"{asset} has never been built for partition {partition}",
                build_all(asset, partition),
            )
    else:
        chosen = [r for r in found if r["materialization_id"] == number]
    with_rows = [r for r in found if r["has_rows"]]
    known = ", ".join(f"{asset}@{r['materialization_id']} [{r['partition']}]" for r in with_rows)
    if not chosen:
        raise HobanError(
            f"{asset} has no materialisation {number}", f"with rows: {known or 'none'}"
        )
    if not chosen[0]["has_rows"]:
        raise HobanError(
            f"the rows of {asset}@{chosen[0]['materialization_id']} were pruned: only the newest "
            "of each asset and partition keep them",
            f"with rows: {known or 'none'}",
        )
    return _side(chosen[0])


def with_previous(ask: Ask, asset: str, partition: str) -> tuple[Side, Side]:
    """Return (the one before, the current one) of an asset; both still have their rows.

    Raises:
        HobanError: there is none before it that has.
    """
    current = side_of(ask, asset, partition)
    before = [
        r
        for r in ask(_SIDES, {"asset": asset})
        if r["has_rows"]
        and r["partition"] == partition
        and r["materialization_id"] < current.materialization_id
    ]
    if not before:
        raise HobanError(
            f"{current.name} is the only materialisation of {asset} [{partition}] that has rows",
            "build it again after a change, or compare two assets: hoban diff dataset_v8 "
            "dataset_v9",
        )
    return _side(before[0]), current


def parse(typed: str, known: Sequence[str]) -> tuple[str, int | None]:
    """Take ``dataset_v9``, ``v9`` or ``dataset_v9@12`` apart: asset and number.

    The asset is as typed where it is not among the `known`, for the caller to complain.

    Raises:
        HobanError: what follows the '@' is no number.
    """
    name, at, number = typed.strip().partition("@")
    if at and not number.isdigit():
        raise HobanError(
            f"{typed!r}: after the '@' comes the number of a materialisation",
            'hoban sql "SELECT materialization_id, asset, partition FROM materializations"',
        )
    asset = dataset_of(name) if name not in known and dataset_of(name) in known else name
    return asset, int(number) if at else None


def _side(row: dict[str, object]) -> Side:
    return Side(**{k: v for k, v in row.items() if k != "has_rows"})  # type: ignore[arg-type]
