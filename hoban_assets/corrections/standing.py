"""Which corrections stand: not taken back, and the last word on their picture."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import xxhash

from hoban_assets.corrections.log import read_log
from hoban_assets.corrections.rows import Correction


@dataclass(frozen=True)
class Standing:
    """The log, judged."""

    rows: tuple[Correction, ...] = ()
    """All of them, oldest first."""
    undone: Mapping[str, str] = field(default_factory=dict)
    """Id of a row that was taken back -> id of the row that took it back."""
    overruled: Mapping[str, str] = field(default_factory=dict)
    """Id of a correction -> id of the later one on the same picture, which stands."""

    @cached_property
    def active(self) -> tuple[Correction, ...]:
        """Those that are to be applied: one a picture."""
        return tuple(
            row
            for row in self.rows
            if row.kind != "undo" and row.id not in self.undone and row.id not in self.overruled
        )

    def about(self, row: Correction) -> Correction:
        """The correction of a picture that a chain of undoes begins with; the row itself of others.

        The row itself too where the log does not hold what it takes back.
        """
        return self._abouts[row.id]

    @cached_property
    def _abouts(self) -> dict[str, Correction]:
        found: dict[str, Correction] = {}
        for row in self.rows:
            found[row.id] = found.get(row.undoes, row) if row.kind == "undo" else row
        return found

    def of(self, content_hash: str, image_id: str) -> Correction | None:
        """The correction that stands for a picture."""
        return self._by_picture.get((content_hash, image_id))

    @cached_property
    def _by_picture(self) -> dict[tuple[str, str], Correction]:
        return {row.picture: row for row in self.active}


def standing(rows: Sequence[Correction]) -> Standing:
    """Judge a log: the later row wins, an undo that was itself undone counts for nothing.

    Rows stand in the order in which they were written, which is the order of `append`, whatever
    the clocks of two machines said.
    """
    undone: dict[str, str] = {}
    last: dict[tuple[str, str], str] = {}
    overruled: dict[str, str] = {}
    for row in reversed(rows):
        if row.id in undone:
            continue
        if row.kind == "undo":
            undone.setdefault(row.undoes, row.id)
        elif row.picture in last:
            overruled[row.id] = last[row.picture]
        else:
            last[row.picture] = row.id
    return Standing(tuple(rows), undone, overruled)


def standing_in(log: Path) -> Standing:
    """Read a log and judge it; see `read_log` for its errors."""
    return standing(read_log(log))


def concerning(
    active: Iterable[Correction], ids: Collection[str], hashes: Collection[str]
) -> list[Correction]:
    """Those whose picture is among these, by its id or by its bytes."""
    return [row for row in active if row.image_id in ids or row.content_hash in hashes]


def version_of(corrections: Iterable[Correction]) -> str:
    """Data version: hash of what they say, whoever said it and when; '' of none."""
    said = sorted(
        json.dumps([row.image_id, row.content_hash, row.kind, row.before, row.after, row.complete])
        for row in corrections
    )
    return xxhash.xxh3_128_hexdigest("\n".join(said).encode()) if said else ""
