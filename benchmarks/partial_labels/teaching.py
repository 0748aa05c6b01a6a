"""``python -m benchmarks.partial_labels.teaching``: at which sizes a masked model teaches best.

Of the drawn part of the proof, once its masked model of a seed is trained: persons that views and
limits add on the photographs of heads that are trained on, compared with all who are there. None
that judges is looked at. It speaks for the defaults of a stage, which `drawn` takes.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.completion import Photograph, judged
from benchmarks.harness import CHECKOUT
from benchmarks.partial_labels.arms import weights_of
from benchmarks.partial_labels.common import MASKED, Objects
from benchmarks.partial_labels.drawn import Drawn
from benchmarks.prove_partial_labels import JUDGED_SCENES, WHOLE
from hoban_assets.classes import HEADS, PERSON
from hoban_assets.curation.completion.complete import labelled_on
from hoban_assets.curation.completion.limits import Limits
from hoban_assets.curation.completion.voting import vote

VIEWS = (
    (0.5,),
    (0.75,),
    (1.0,),
    (0.5, 0.75),
    (0.75, 1.0),
    (0.5, 1.0),
    (0.5, 0.75, 1.0),
    (1.0, 1.5),
)
LIMITS = (
    Limits(),
    Limits(box=0.5, ignore=0.1, confirmed=0.06),
    Limits(box=0.5, ignore=0.1, confirmed=0.03),
    Limits(box=0.3, ignore=0.1, confirmed=0.1),
)


def main() -> None:
    """Let the model look at each size, then tell every pair of views and limits."""
    parser = argparse.ArgumentParser(description=__doc__)
    whole = CHECKOUT / "build" / "partial-labels" / "whole"
    parser.add_argument("--folder", type=Path, default=whole, help="of the proof")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    drawn = Drawn(given.folder.absolute() / "drawn", WHOLE["scenes"], JUDGED_SCENES)
    schedule = WHOLE["drawn"]
    weights = weights_of(drawn, MASKED, given.seed, schedule)
    if not weights.is_file():
        sys.exit(f"{weights} is not there\n  -> train it first: make prove-partial-labels")
    head = "| looks at | box, ignore, confirmed | boxes | recall | precision | covered | ignored |"
    sys.stdout.write(f"{head}\n|{'---|' * 7}\n")
    for views in VIEWS:
        seen = photographs(drawn, drawn.predicted(weights, given.seed, schedule.size, views), views)
        for limits in LIMITS:
            found = judged(seen, limits)
            sys.stdout.write(
                f"| {', '.join(map(str, views))} | {limits.box}, {limits.ignore}, "
                f"{limits.confirmed} | {found.boxes} | {found.right / found.persons:.3f} | "
                f"{found.right / max(found.boxes, 1):.3f} | "
                f"{found.covered / found.persons:.3f} | {found.area / found.images:.3f} |\n"
            )
            sys.stdout.flush()


def photographs(
    drawn: Drawn, predictions: pd.DataFrame, views: tuple[float, ...]
) -> list[Photograph]:
    """Photographs of train that show a labelled head, with who is really there."""
    train = drawn.samples.images
    train = train[(train.split == "train") & train.file.isin(drawn.known)]
    groups = dict(zip(train.file, train.group_id, strict=True))
    predictions = predictions[predictions.class_name == PERSON]
    by_file = {str(name): rows for name, rows in predictions.groupby("file", sort=False)}
    nothing = predictions.iloc[:0]
    return [
        Photograph(
            groups[file],
            labelled,
            vote(by_file.get(file, nothing), len(views)),
            persons(drawn.known[file]),
        )
        for file, labelled in labelled_on(drawn.samples)
        if file in groups and labelled.classes >= HEADS and PERSON not in labelled.classes
    ]


def persons(objects: Objects) -> np.ndarray:
    """Corners of the persons among all objects of a photograph: [n, 4]."""
    boxes = np.array([box for name, *box in objects if name == PERSON], float).reshape(-1, 4)
    half = boxes[:, 2:] / 2
    return np.hstack([boxes[:, :2] - half, boxes[:, :2] + half])


if __name__ == "__main__":
    main()
