"""What an evaluation has to know of each image: its source, what that labels, ignore regions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class ImageFacts:
    """What the manifest says of one image.

    `labelled`: (classes,) bool. `regions`: (n, 5) class id and x y w h, centre, 0-1.
    """

    source: str
    labelled: np.ndarray
    regions: np.ndarray


def excluding(plan: Mapping[str, Any], names: Mapping[int, str]) -> np.ndarray:
    """What a label rules out, as a plan says it by name: bool [classes, classes].

    Row: class of a label; column: a class that its object certainly is not. A plan of before says
    nothing.
    """
    order = [names[class_id] for class_id in sorted(names)]
    said = plan.get("ruled_out", {})
    return np.array([np.isin(order, said.get(labelled, [])) for labelled in order], bool)


def image_facts(
    manifest: Iterable[Mapping[str, Any]], names: Mapping[int, str]
) -> dict[str, ImageFacts]:
    """Facts of each image, by file name, from the rows of manifest.parquet."""
    order = [names[class_id] for class_id in sorted(names)]
    columns = ("class_id", "x", "y", "w", "h")
    return {
        row["name"]: ImageFacts(
            source=row["source"],
            labelled=np.isin(order, row["labelled_classes"] or []),
            regions=np.array(
                [[r[c] for c in columns] for r in row.get("ignore_regions") or []], float
            ).reshape(-1, 5),
        )
        for row in manifest
    }
