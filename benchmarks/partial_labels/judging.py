"""Figures of a model on photographs whose every object is known, by the judge of the platform."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.partial_labels.common import EVERYWHERE, Part
from hoban_assets.evaluation.detecting import detect
from hoban_assets.evaluation.figures import (
    average_precisions,
    counts_at,
    precision_recall,
    view,
)
from hoban_assets.evaluation.judging import choose_confidences
from hoban_assets.evaluation.matches import Matches, match
from hoban_assets.evaluation.pictures import Pictures
from hoban_assets.evaluation.sets import published


def figures(weights: Path, part: Part, tree: Path, size: int) -> dict[str, Any]:
    """Judge weights.

    The confidence of each class is the one of the best F1 on the photographs that the partial ways
    are trained on, as people labelled them (so it is the same for all ways, and none of what is
    judged is looked at).
    """
    settings = part.settings
    labelled = published(part.tree("naive", 0, None, size), "train")
    train = labelled.take(labelled.parts == "train")
    chosen = choose_confidences(
        train, detect(weights, train, settings, image_size=size).detections, size
    )
    pictures = part.judged_on()
    found = detect(weights, pictures, settings, image_size=size).detections
    manifest = pd.read_parquet(tree / "manifest.parquet")
    mine = manifest[manifest.split == "train"]
    return {
        "images": len(mine),
        "boxes": int(mine.boxes.sum()),
        "regions": int(mine.ignore_regions.map(len).sum()),
        "judged_images": len(pictures),
        "confidences": dict(chosen.values),
        "figures": list(rows(match(pictures, found, size), pictures, chosen.values)),
    }


def rows(
    matches: Matches, pictures: Pictures, confidences: Mapping[str, float]
) -> Iterator[dict[str, Any]]:
    """Figures of each class on all pictures and on those of each source."""
    everything = np.ones(len(pictures), bool)
    slices = {EVERYWHERE: everything} | {
        str(source): pictures.sources == source for source in np.unique(pictures.sources)
    }
    for where, images in slices.items():
        for number, name in enumerate(matches.names):
            seen = view(matches, number, images=images)
            if not seen.images:
                continue
            counts = counts_at(seen, confidences[name]).sum(axis=0)
            precision, recall = precision_recall(counts)
            there = bool(seen.labels.any())
            precisions = average_precisions(seen) if there else None
            yield {
                "on": where,
                "class": name,
                "images": seen.images,
                "labels": int(seen.labels.sum()),
                "mAP50": None if precisions is None else float(precisions[0]),
                "mAP50-95": None if precisions is None else float(precisions.mean()),
                "precision": None if np.isnan(precision) else float(precision),
                "recall": float(recall) if there else None,
                "false_alarms": int(counts[1]) / seen.images,
            }
