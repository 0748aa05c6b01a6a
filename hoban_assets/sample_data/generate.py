"""The whole tree, source by source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hoban_assets.errors import HobanError
from hoban_assets.sample_data import (
    aihub,
    aihub_defects,
    background,
    coco,
    fall_defects,
    falls,
    widerperson,
)
from hoban_assets.sample_data.output import Output

SHARES = {
    "helmet_60k": 0.35,
    "coco": 0.20,
    "falls": 0.30,
    "background": 0.08,
    "helmet_21k": 0.03,
    "helmet_30k": 0.02,
    "WiderPerson": 0.02,
}
"""Share of the distinct scenes that each source gets; most go to what version 9 reads."""
LEAST_IMAGES = 40
_LEAST = 8


@dataclass(frozen=True)
class SampleSummary:
    """What was written: scenes asked for, image files, all files, entries of defects.json."""

    folder: Path
    scenes: int
    images: int
    files: int
    defects: int


def generate(
    folder: Path,
    images: int = 1000,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> SampleSummary:
    """Draw a raw tree in every raw format, with every defect that is known.

    The same arguments give the same bytes. The scenes of a smaller tree are those of a larger one
    of the same seed, as far as it goes.

    Args:
        folder: is created, or is empty.
        images: distinct scenes over all sources, roughly; clips, augmentations, copies and
            defects come on top (about as many files again as half of it).
        seed: of everything drawn.
        progress: gets a line a source.

    Returns:
        Counts of what was written.

    Raises:
        HobanError: the folder is not empty or cannot be written, `images` is below 40, or
            `seed` is negative.
    """
    if images < LEAST_IMAGES:
        raise HobanError(f"{images} images cannot fill every source", f"ask for {LEAST_IMAGES} up")
    if seed < 0:
        raise HobanError(f"seed {seed} is negative", "take 0 or more")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise HobanError(f"{folder} is not an empty folder", "name a new one, or empty it")
    count = {name: max(_LEAST, round(images * share)) for name, share in SHARES.items()}
    out = Output(folder, progress)
    aihub.write_sources(out, seed, count["helmet_60k"], count["helmet_21k"], count["helmet_30k"])
    aihub_defects.write(out, seed)
    coco.write(out, seed, count["coco"])
    widerperson.write(out, seed, count["WiderPerson"])
    falls.write(out, seed, count["falls"])
    fall_defects.write(out, seed)
    background.write(out, seed, count["background"])
    out.finish()
    return SampleSummary(folder, sum(count.values()), out.images, len(out.files), len(out.defects))
