"""``python -m benchmarks.prove_partial_labels``: do masks and completed labels help?

Asked where the whole truth is known. The drawn sample is read, cleaned and published as version
9 is, with sources that label only their own classes, and trained from scratch in four ways with
equal epochs and settings: naive, masked, completed (by the masked model of the same seed), and
with full labels on the train side. The validation photographs, and fresh ones of another seed, are
judged with every object that was drawn on them (truth.json, which no training but the last way
reads).

An object outside the area limits of version 9 is an ignore region, as in the dataset. Judged are
the weights of the last epoch, so that the choice of an epoch does not mix in, and best.pt, which
is what one gets. Every seed that was trained is told. Started again with the same ``--folder`` it
goes on where it was: finished datasets, trainings and judgements are taken over.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.harness import CHECKOUT
from benchmarks.partial_labels import sets, squares
from benchmarks.partial_labels.arms import WAYS, trained, tree_of
from benchmarks.partial_labels.judging import judge, recovered, table

QUICK = {"seeds": 1, "epochs": 14, "images": 400, "weights": ["last"]}
WHOLE = {"seeds": 3, "epochs": 24, "images": 600, "weights": ["last", "best"]}
"""Sized for two idle cores without a GPU: 20 minutes, and 150."""


def main() -> None:
    """Publish, train each seed in every way, judge, write the table."""
    arguments = _arguments()
    folder: Path = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    tree, judged_on = prepared(folder, arguments)
    ways = WAYS[:2] if arguments.squares else WAYS
    rows: list[dict[str, Any]] = []
    for seed in range(arguments.seeds):
        runs: dict[str, Path] = {}
        for way in ways:
            masked = runs.get("masked", folder) / "best.pt"
            own = tree_of(folder, tree, way, masked, seed, arguments.size)
            runs[way] = trained(folder, own, way, seed, arguments.epochs, arguments.size)
            rows += figures(runs[way], way, seed, judged_on, arguments)
            pd.DataFrame(rows).to_csv(folder / "proof.csv", index=False)
    found = pd.DataFrame(rows)
    text = table(found) if arguments.squares else f"{table(found)}\n\n{recovered(found)}"
    (folder / "proof.md").write_text(f"{text}\n", encoding="utf-8")
    sys.stdout.write(f"{text}\n")


def figures(
    run: Path, way: str, seed: int, judged_on: dict[str, Path], arguments: argparse.Namespace
) -> Iterator[dict[str, Any]]:
    """Judge a run once; afterwards its figures are read."""
    for weights in arguments.weights:
        for on, truth in judged_on.items():
            kept = run / f"judged {weights} {on}.json"
            if not kept.is_file():
                kept.write_text(json.dumps(list(judge(run, weights, truth, arguments.size))))
            for row in json.loads(kept.read_text()):
                yield {"seed": seed, "way": way, "weights": weights, "on": on, **row}


def prepared(folder: Path, arguments: argparse.Namespace) -> tuple[Path, dict[str, Path]]:
    """Return the tree to train on, and those to be judged on, by name."""
    if arguments.squares:
        tree = folder / "dataset_squares"
        if not tree.is_dir():
            squares.publish(tree, arguments.images, arguments.images // 2, seed=0)
        seen = squares.photographs(tree)
        return tree, {"validation": sets.truth_tree(folder / "whole squares", seen)}
    tree = sets.published(folder, arguments.images)
    fresh = sets.fresh_ones(folder, arguments.images // 2)
    return tree, {
        "validation": sets.truth_tree(folder / "whole validation", sets.validation(folder, tree)),
        "fresh": sets.truth_tree(folder / "fresh", fresh),
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one seed, fewer images and epochs")
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--images", type=int, help="scenes of the drawn sample")
    parser.add_argument("--weights", nargs="+", choices=["last", "best"])
    parser.add_argument("--size", type=int, default=160, help="image size, in pixels")
    parser.add_argument("--squares", action="store_true", help="coloured squares, not the sample")
    parser.add_argument("--folder", type=Path, default=CHECKOUT / "build" / "partial-labels")
    sizes = QUICK if "--quick" in sys.argv else WHOLE
    parser.set_defaults(**sizes)
    return parser.parse_args()


if __name__ == "__main__":
    main()
