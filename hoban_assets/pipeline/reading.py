"""How much of its sources a stage reads: all of it, or for `sub` just enough."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from hoban_assets.formats.source import Read, Reader
from hoban_assets.samples import Samples, stable_shares

BUCKETS = 256
"""`sub` reads whole 256ths of a source, in the order of a hash of the image id."""


def read_enough(
    readers: Sequence[Reader], target: int | None, *, images_count: bool = False
) -> Read:
    """Read all images, or for a target the fewest buckets that hold as many labels a class.

    Buckets are cut from a hash of the image id and doubled (1, 2, 4 ... of 256) until there is
    enough, so that a subset is part of every larger one, and adding images to a source leaves
    those that were chosen where they are. `images_count`: images are counted, not labels.
    """
    if target is None:
        return _joined(reader.read() for reader in readers)
    wanted = {name for reader in readers for name in reader.source.labels}
    ids = [reader.image_ids() for reader in readers]
    buckets = [np.floor(stable_shares(i) * BUCKETS).astype(int) for i in ids]
    parts: list[list[Read]] = [[] for _ in readers]
    for low, high in _doubling():
        for part, reader, names, bucket in zip(parts, readers, ids, buckets, strict=True):
            chosen = np.flatnonzero((bucket >= low) & (bucket < high))
            part.append(reader.read([names[i] for i in chosen]))
        if _is_enough(itertools.chain(*parts), target, None if images_count else wanted):
            break
    return _joined(itertools.chain(*parts))  # by source, in their declared order: it is a priority


def _doubling() -> Iterator[tuple[int, int]]:
    low, high = 0, 1
    while low < BUCKETS:
        yield low, high
        low, high = high, high * 2


def _is_enough(reads: Iterable[Read], target: int, wanted: set[str] | None) -> bool:
    """Whether there are so many labels of each class; None: so many images."""
    parts = list(reads)
    if wanted is None:
        return sum(len(p.samples.images) for p in parts) >= target
    return all(sum(p.samples.box_counts()[name] for p in parts) >= target for name in wanted)


def _joined(reads: Iterable[Read]) -> Read:
    """Put parts together; what a reader says of the whole source each time is kept once."""
    parts = list(reads)
    samples = Samples.concat(p.samples for p in parts)
    decisions = samples.decisions
    again = decisions.duplicated() & (decisions.images_removed + decisions.boxes_removed == 0)
    return Read(
        replace(samples, decisions=decisions[~again].reset_index(drop=True)),
        sum(p.images_in for p in parts),
        sum(p.boxes_in for p in parts),
    )
