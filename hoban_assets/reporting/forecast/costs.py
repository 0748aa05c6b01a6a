"""What each step costs: constants that were measured, the command that measured them, their growth.

All of it was measured on two cores of an AMD EPYC server processor (docs/bench.md, docs/scale.md);
another machine is faster or slower by a factor that is about the same for every step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Law: TypeAlias = Literal["images", "pairs"]
"""What the time grows as: the images, or all pairs of two of them, n * (n - 1) / 2."""
Who: TypeAlias = Literal["one", "machine", "cluster"]
"""Who works on it: one core, the cores of one machine, or those of all machines."""
KEPT: Mapping[str, int] = {"fastdup": 576 * 4, "copies": 12_672, "thumbnail": 577 * 4}
"""Feature engine to the bytes that it keeps of an image."""
BASE_MEMORY = 350e6
"""Bytes of the process itself: Python, pandas, Dagster."""
ROWS_MEMORY = 3_000
"""Bytes of an image with three boxes and what was decided about it, as rows."""


@dataclass(frozen=True)
class Cost:
    """One kind of work."""

    step: str
    what: str
    """In a few words, for the table."""
    seconds: float
    """Of one core, for each image or each pair."""
    by: str
    """Command that measures it."""
    measured: int
    """Images of the largest measurement: above, it is extrapolated."""
    law: Law = "images"
    who: Who = "one"
    memory: float = ROWS_MEMORY
    """Bytes an image that are in memory at once, on the machine that does it."""
    disk: float = 0
    """Bytes an image that stay on the disk."""
    engines: Sequence[str] = tuple(KEPT)
    """Feature engines that it belongs to."""


def _features(engine: str, seconds: float, by: str, measured: int) -> Cost:
    return Cost(
        "features",
        "features of each photograph",
        seconds,
        by,
        measured,
        who="cluster",
        memory=KEPT[engine],
        disk=KEPT[engine] + 40,
        engines=(engine,),
    )


_ENGINES = "python -m benchmarks --rows engines"
_GROWTH = "python -m benchmarks --rows growth"
COSTS: Sequence[Cost] = (
    Cost(
        "reading",
        "labels, and a look at all files",
        1.61 / 60_000 + 1.55 / 50_000,
        "python -m benchmarks --rows labels,observe",
        50_000,
        disk=130,
    ),
    Cost(
        "image facts",
        "size, hash and sharpness of each photograph",
        2 / 783,  # 783 a second with two threads
        "python -m benchmarks --rows facts",
        1_500,
        who="machine",
        disk=110,
    ),
    _features("fastdup", 0.0182, _ENGINES, 300),
    _features("copies", 0.0061, _ENGINES, 300),
    _features("thumbnail", 0.0026, _ENGINES, 300),
    Cost(
        "pairs",
        "comparing all pairs",
        17e-9,
        _GROWTH,
        50_000,
        law="pairs",
        who="cluster",
        memory=KEPT["fastdup"] + ROWS_MEMORY,
        engines=("fastdup", "thumbnail"),
    ),
    Cost(
        "pairs",
        "comparing whole photographs in eight turns",
        88e-9,
        _ENGINES,
        6_000,
        law="pairs",
        memory=2 * KEPT["copies"],
        engines=("copies",),
    ),
    Cost(
        "pairs",
        "comparing corners, and proving copies",
        0.0157 - 0.0061,
        _ENGINES,
        300,
        who="machine",
        memory=2 * KEPT["copies"],
        engines=("copies",),
    ),
    Cost(
        "curation",
        "near-duplicates, groups and the certificate",
        6.65e-6,
        _GROWTH,
        1_000_000,
        memory=KEPT["fastdup"] + ROWS_MEMORY,
    ),
    Cost(
        "publish",
        "links and label files",
        2.49 / 29_902,
        "python -m benchmarks --rows publish",
        29_902,
        disk=4_300,
    ),
    Cost(
        "catalog",
        "rows of stages and datasets",
        69.4 / 1_495_000,  # the images of the stages; their datasets are in it
        "python -m benchmarks --rows catalog",
        1_495_000,
        disk=571e6 / 1_495_000,
    ),
)
"""In the order of a build."""
