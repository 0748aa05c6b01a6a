"""``python -m benchmarks.prove_partial_labels``: does a mask help, where the whole truth is known?

The drawn sample is read, cleaned and published as version 9 is, with sources that label only their
own classes. The same tree is trained twice from scratch with equal epochs and settings, naive and
masked; nothing but the field `partial_labels` differs. Then the validation photographs, and fresh
ones of another seed, are judged with every object that was drawn on them (truth.json, which no
training reads): mAP, and at confidence 0.25 recall, and false alarms an image.

An object below the area limits of version 9 is an ignore region, as in the dataset. Judged are the
weights of the last epoch, so that the choice of an epoch (another one for each way) does not mix
in, and best.pt, which is what one gets. Every seed that was trained is told. Started again with the
same ``--folder`` it goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from benchmarks import squares
from benchmarks.harness import CHECKOUT, fresh
from hoban_assets.classes import CLASS_NAMES
from hoban_assets.curation.features import thumbnail_features
from hoban_assets.ledger import Ledger
from hoban_assets.pipeline.dataset import build_dataset
from hoban_assets.pipeline.recipe import Recipe
from hoban_assets.pipeline.stage import build_stage
from hoban_assets.publish.yolo_tree import publish
from hoban_assets.sample_data import generate
from hoban_assets.sample_data.output import TRUTH
from hoban_assets.samples import Samples
from hoban_assets.settings import Settings
from hoban_assets.training.plan import plan_training

WORKERS = CHECKOUT / "hoban_assets" / "workers"
RECIPE = CHECKOUT / "hoban_assets" / "defs" / "versions" / "v9" / "defs.yaml"
WAYS = ("naive", "mask")
OTHER_SEED = 1000
UNLIKE = "WiderPerson"
"""A source that version 9 does not read: its photographs are of another kind."""
Photograph = tuple[str, str, Path, list[list[Any]]]
"""Name, source, file, and class and x y w h of each object."""
IMAGE_SIZE, BATCH = 160, 16
CONFIDENCE = 0.25
"""Of the counts of workers/yolo_confusions.py."""


class Thumbnails:
    """Features without fastdup; the same for both ways."""

    engine = "thumbnail"

    def __init__(self, raw: Path) -> None:
        """Read photographs below `raw`."""
        self.raw = raw

    def __call__(self, samples: Samples) -> np.ndarray:
        """See `pipeline.features.FeatureExtractor`."""
        return thumbnail_features([self.raw / file for file in samples.images.file], 1)


def main() -> None:
    """Publish once, train each seed both ways, judge, write the table."""
    arguments = _arguments()
    folder: Path = arguments.folder
    tree, sets = prepared(folder, arguments)
    rows = []
    for seed in range(arguments.seeds):
        for way in WAYS:
            run = trained(folder, tree, way, seed, arguments.epochs, arguments.size)
            for name in ("last", "best"):
                rows += [
                    {"seed": seed, "way": way, "weights": name, "on": on, **row}
                    for on, truth in sets.items()
                    for row in judge(run, name, truth, arguments.size)
                ]
            pd.DataFrame(rows).to_csv(folder / "proof.csv", index=False)
    sys.stdout.write(table(pd.DataFrame(rows)) + "\n")


def prepared(folder: Path, arguments: argparse.Namespace) -> tuple[Path, dict[str, Path]]:
    """Return the tree to train on, and those to be judged on, by name."""
    if arguments.squares:
        tree = folder / "dataset_squares"
        if not tree.is_dir():
            squares.publish(tree, arguments.images, arguments.images // 2, seed=0)
        return tree, {"validation": truth_tree(folder / "whole squares", squares.photographs(tree))}
    tree = published(folder, arguments.images)
    fresh_set = fresh_ones(folder, arguments.images // 2)
    return tree, {
        "validation": truth_tree(folder / "whole validation", validation(folder, tree)),
        "fresh": truth_tree(folder / "fresh", fresh_set),
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--images", type=int, default=600, help="scenes of the drawn sample")
    parser.add_argument("--size", type=int, default=IMAGE_SIZE, help="image size, in pixels")
    parser.add_argument("--squares", action="store_true", help="coloured squares, not the sample")
    parser.add_argument("--folder", type=Path, default=CHECKOUT / "build" / "partial-labels")
    return parser.parse_args()


def published(folder: Path, images: int) -> Path:
    """Draw the sample and publish the dataset of version 9, without Dagster; once."""
    tree, raw = folder / "dataset_v9", folder / "raw"
    if tree.is_dir():
        return tree
    generate(fresh(raw), images)
    settings = Settings.from_env(
        {"HOBAN_RAW_ROOT": str(raw), "HOBAN_DATA_ROOT": str(folder / "data")}
    )
    from hoban_assets.defs.stages import STAGES

    recipe = Recipe.model_validate(yaml.safe_load(RECIPE.read_text())["attributes"])
    stages, features = {s.name: s for s in STAGES}, Thumbnails(raw)
    ledger = Ledger(lambda line: None)
    built = {
        name: build_stage(stages[name], "sub", settings, features, ledger).samples
        for name in recipe.inputs_of("sub")
    }
    dataset = build_dataset(recipe, "sub", built, features, ledger)
    return publish(dataset.samples, raw, tree).path


def validation(folder: Path, tree: Path) -> Iterator[Photograph]:
    """The validation photographs of the dataset, with all that is on them."""
    known = json.loads((folder / "raw" / TRUTH).read_text(encoding="utf-8"))
    manifest = pd.read_parquet(tree / "manifest.parquet")
    manifest = manifest[(manifest.split == "val") & manifest.file.isin(known)]
    for name, source, file in zip(manifest.name, manifest.source, manifest.file, strict=True):
        yield name, source, tree / "images" / "val" / name, known[file]


def fresh_ones(folder: Path, images: int) -> Iterator[Photograph]:
    """Photographs of another seed, of which no training has seen a scene."""
    raw = folder / "raw of another seed"
    if not (raw / TRUTH).is_file():
        generate(fresh(raw), images, seed=OTHER_SEED)
    known = json.loads((raw / TRUTH).read_text(encoding="utf-8"))
    for index, (file, objects) in enumerate(sorted(known.items())):
        if not file.startswith(UNLIKE):
            yield f"{index}.jpg", file.partition("/")[0], raw / file, objects


def truth_tree(whole: Path, photographs: Iterator[Photograph]) -> Path:
    """Make a tree of photographs that are labelled with all that is on them."""
    recipe = Recipe.model_validate(yaml.safe_load(RECIPE.read_text())["attributes"])
    for kind in ("images", "labels"):
        fresh(whole / kind / "val").mkdir(parents=True)
    rows = []
    for name, source, image, objects in photographs:
        os.link(image, whole / "images" / "val" / name)
        labels, regions = [], []
        for class_name, *box in objects:
            limits = recipe.area.get(class_name)
            share, index = box[2] * box[3], CLASS_NAMES.index(class_name)
            if limits and not (limits.least or 0) <= share <= (limits.most or 1):
                regions.append(dict(zip(("class_id", *"xywh"), (index, *box), strict=True)))
            else:
                labels.append(" ".join(map(str, (index, *box))))
        label = whole / "labels" / "val" / f"{name.rpartition('.')[0]}.txt"
        label.write_text("\n".join([*labels, ""]))
        rows.append(
            {
                "name": name,
                "split": "val",
                "source": source,
                "labelled_classes": list(CLASS_NAMES),
                "boxes": len(labels),
                "ignore_regions": regions,
            }
        )
    pd.DataFrame(rows).to_parquet(whole / "manifest.parquet")
    names = dict(enumerate(CLASS_NAMES))
    content = {"path": str(whole.absolute()), "train": "images/val", "val": "images/val"}
    (whole / "data.yaml").write_text(json.dumps({**content, "nc": len(names), "names": names}))
    return whole


def trained(folder: Path, tree: Path, way: str, seed: int, epochs: int, size: int) -> Path:
    """Train, or find trained; returns the run folder."""
    settings = Settings.from_env(
        {"HOBAN_DATA_ROOT": str(folder / "data"), "HOBAN_WEIGHTS": "yolo26n.yaml"}
    )
    plan = plan_training(
        f"model_v9_{way}",
        "sub",
        settings,
        dataset_path=tree,
        dataset_version=tree.name,
        partial_labels=way,
        seed=seed,
        epochs=epochs,
        patience=epochs,
        image_size=size,
        batch=BATCH,
        nominal_batch=BATCH,
        device="cpu",
        workers=0,
    )
    plan.run_dir.mkdir(parents=True, exist_ok=True)
    file = plan.run_dir / "plan.json"
    given = plan.as_json()
    given["arguments"]["plots"] = False
    file.write_text(json.dumps(given))
    command = [sys.executable, str(WORKERS / "yolo_train.py"), str(file)]
    subprocess.run(command, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    return plan.run_dir


def judge(run: Path, weights: str, truth: Path, size: int) -> Iterator[dict[str, Any]]:
    """Rows of figures: a class each, 'all' first."""
    sys.path.insert(0, str(WORKERS))
    from yolo_support import quiet  # type: ignore[import-not-found]

    quiet(run / "judged")
    from yolo_evaluate import LabelAwareValidator  # type: ignore[import-not-found]
    from yolo_image_facts import image_facts  # type: ignore[import-not-found]

    manifest = pd.read_parquet(truth / "manifest.parquet")
    facts = image_facts(manifest.to_dict("records"), dict(enumerate(CLASS_NAMES)))
    validator = LabelAwareValidator(
        facts,
        args={
            "task": "detect",
            "mode": "val",
            "model": str(run / f"{weights}.pt"),
            "data": str(truth / "data.yaml"),
            "device": "cpu",
            "rect": True,
            "plots": False,
            "imgsz": size,
            "batch": BATCH,
        },
        save_dir=run / "judged",
    )
    validator()
    values = {
        (row["class_name"], row["metric"]): row["value"]
        for row in validator.rows(0)
        if row["split"] == "val_labelled" and row["source"] == "all"
    }
    for name in ("all", *CLASS_NAMES):
        found = {"mAP50": values.get((name, "mAP50")), "mAP50-95": values.get((name, "mAP50-95"))}
        if name != "all":
            taken = {
                other: values.get((name, f"predicted_as/{other}"), 0)
                for other in (*CLASS_NAMES, "background")
            }
            found["objects"] = sum(taken.values())
            found["recall"] = taken[name] / max(found["objects"], 1)
            found["false alarms an image"] = values.get(
                ("background", f"predicted_as/{name}"), 0
            ) / len(manifest)
        yield {"class": name, **found}


def table(rows: pd.DataFrame) -> str:
    """Markdown: both ways side by side."""
    lines = [
        "| on | weights | seed | class | objects | mAP50 naive | mask | mAP50-95 naive | mask "
        f"| recall at {CONFIDENCE} naive | mask | false alarms an image naive | mask |",
        "|" + "---|" * 13,
    ]
    keys = ["on", "weights", "seed", "class"]
    for (*key, name), both in rows.groupby(keys, sort=False):
        ways = both.set_index("way")
        cells = [
            f"{ways.loc[way, metric]:.3f}"
            for metric in ("mAP50", "mAP50-95", "recall", "false alarms an image")
            for way in WAYS
        ]
        objects = f"{ways.objects.iloc[0]:.0f}"
        lines.append(f"| {' | '.join(map(str, [*key, name, objects, *cells]))} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
