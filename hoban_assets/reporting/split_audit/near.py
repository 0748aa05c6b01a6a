"""Near-copies over a folder's own split, for `hoban inspect`: rows like its other leaks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hoban_assets.curation.features import THUMBNAIL_INFO, engine_key, thumbnail_features
from hoban_assets.curation.similarity import similarity_graph
from hoban_assets.formats.gather import Gathered
from hoban_assets.formats.own_classes import Note
from hoban_assets.reporting.split_audit.audit import TRAIN, audit, has_split, parts_of, usable
from hoban_assets.settings import SIMILAR

MOST = 20_000
"""Images that are compared: some minutes. Above it `hoban audit-split` is to be asked by itself."""


TOO_MANY = Note(
    "Near-copies over its own split were not looked for: more than {most} images.",
    "Look for them by themselves, which takes some minutes: hoban audit-split FOLDER",
    {"most": MOST},
)


def near_leaks(
    found: Gathered, raw_root: Path, workers: int, examples: int
) -> list[dict[str, Any]]:
    """Images of another part that have a near-copy in train, by thumbnails of the pictures.

    Returns:
        One row a part, as `inspection.overlap.leakage` returns them, of kind ``near``; none where
        the folder has no split, its images were not opened, or are too many (`compares`).
    """
    known = _with_split(found)
    if known is None or not 0 < len(known.samples.images) <= MOST:
        return []
    images = known.samples.images
    features = thumbnail_features([raw_root / file for file in images.file], workers)
    similar = similarity_graph(features, SIMILAR)
    engine, sides = engine_key(THUMBNAIL_INFO), parts_of(known)
    name = found.source.folder
    made = audit(name, known.samples, sides, similar, SIMILAR, engine, examples=len(images))
    rows = []
    for part in made.parts:
        pairs = [leak for leak in made.worst if leak.part == part["part"]]
        if pairs:
            rows.append(
                {
                    "kind": "near",
                    "split": part["part"],
                    "other": TRAIN,
                    "images": part["leaking"],
                    "share": part["share"],
                    "groups": len({leak.train_file for leak in pairs}),
                    "examples": [
                        {"file": leak.file, "counterpart": leak.train_file}
                        for leak in pairs[:examples]
                    ],
                }
            )
    return rows


def compares(found: Gathered) -> bool:
    """Whether `near_leaks` looks at a folder that has a split: not at more than `MOST` images."""
    known = _with_split(found)
    return known is None or len(known.samples.images) <= MOST


def _with_split(found: Gathered) -> Gathered | None:
    return usable(found) if found.facts is not None and has_split(found) else None
