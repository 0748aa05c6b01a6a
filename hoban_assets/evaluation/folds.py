"""Detections on every picture of a dataset by a model that was trained without its camera or clip.

The pictures are cut into folds, whole groups each; one training a fold sees all other pictures.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hoban_assets.errors import HobanError
from hoban_assets.evaluation.detecting import Progress, run_worker
from hoban_assets.evaluation.detections import Detections
from hoban_assets.evaluation.looking import look
from hoban_assets.evaluation.noise import plan_of
from hoban_assets.evaluation.pictures import Boxes, Pictures
from hoban_assets.evaluation.sets import MANIFEST
from hoban_assets.evaluation.subjects import Subject
from hoban_assets.samples import stable_hash
from hoban_assets.settings import Settings
from hoban_assets.training.plan import expected_counts
from hoban_assets.training.run import WORKER
from hoban_assets.yolo import SPLITS

FOLDER = "label_errors"
"""Below the data root: a folder a model and partition, with a training a fold."""


def folds(groups: np.ndarray, count: int) -> np.ndarray:
    """Fold of each image, 0 to count - 1: whole groups, about as many images in each.

    The largest groups first, each into the emptiest fold; of equal ones by a hash of their names.

    Raises:
        HobanError: there are fewer groups than folds.
    """
    names, number, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if len(names) < count:
        raise HobanError(
            f"{len(names)} cameras or clips cannot be cut into {count} folds", "take fewer --folds"
        )
    order = sorted(range(len(names)), key=lambda i: (-sizes[i], stable_hash(str(names[i]))))
    filled = np.zeros(count, int)
    fold = np.zeros(len(names), int)
    for group in order:
        fold[group] = int(np.argmin(filled))
        filled[fold[group]] += sizes[group]
    found: np.ndarray = fold[number]
    return found


def fold_tree(tree: Path, ids: set[str], out: Path) -> Path:
    """A published tree whose val are the images `ids`; hard links to the files of `tree`."""
    building = out.with_name(f".building-{os.getpid()}")
    shutil.rmtree(building, ignore_errors=True)
    for kind in ("images", "labels"):
        for part in SPLITS:
            (building / kind / part).mkdir(parents=True)
    table = pq.read_table(str(tree / MANIFEST))
    now = ["val" if image_id in ids else "train" for image_id in table["image_id"].to_pylist()]
    for name, was, part in zip(
        table["name"].to_pylist(), table["split"].to_pylist(), now, strict=True
    ):
        _link(tree / "images" / was / name, building / "images" / part / name)
        text = f"{name.rpartition('.')[0]}.txt"
        _link(tree / "labels" / was / text, building / "labels" / part / text)
    shutil.copyfile(tree / "data.yaml", building / "data.yaml")
    at = table.schema.get_field_index("split")
    pq.write_table(table.set_column(at, "split", pa.array(now)), building / MANIFEST)
    shutil.rmtree(out, ignore_errors=True)
    building.rename(out)
    return out


def _link(file: Path, target: Path) -> None:
    try:
        target.hardlink_to(file.resolve())
    except OSError:  # another file system, or one without links
        shutil.copy2(file, target)


def out_of_fold(
    subject: Subject,
    partition: str,
    pictures: Pictures,
    settings: Settings,
    *,
    count: int,
    epochs: int | None,
    log: Callable[[str], None],
    progress: Progress = lambda done, of: None,
) -> tuple[Detections, int]:
    """Train a model a fold, and let each look at its own fold; return all that was found, and size.

    A training that was stopped goes on; a finished one is not repeated.

    Raises:
        HobanError: a training failed, or there are too few groups.
    """
    tree = subject.trained_on
    assert tree is not None  # noqa: S101  the command has seen it
    which = folds(pictures.groups, count)
    found, size = [], 0
    for number, run in enumerate(_runs(subject, partition, settings, count, epochs, tree)):
        mine = which == number
        folder, plan = run
        if not (folder / "finished.json").is_file():
            ids = {i for i, here in zip(pictures.ids, mine.tolist(), strict=True) if here}
            dataset = fold_tree(tree, ids, folder.with_name(f"{folder.name}-dataset"))
            plan = {**plan, "dataset_path": str(dataset), "expected": expected_counts(dataset)}
            folder.mkdir(parents=True, exist_ok=True)
            log(f"fold {number + 1} of {count}: {folder}")
            run_worker(WORKER, plan, log=log)
            shutil.rmtree(dataset, ignore_errors=True)
        trained = Subject(f"fold {number + 1}", folder / "best.pt", subject.image_size, subject.nms)
        seen, size = look(trained, pictures.take(mine), settings, {}, progress)
        found.append(_numbered(seen, np.flatnonzero(mine)))
    return _together(found), size


def _runs(
    subject: Subject, partition: str, settings: Settings, count: int, epochs: int | None, tree: Path
) -> Iterator[tuple[Path, dict[str, Any]]]:
    plan = plan_of(subject.file.parent)
    arguments = {**plan["arguments"], "plots": False}
    arguments["epochs"] = epochs or arguments["epochs"]
    home = settings.data_root / FOLDER / subject.asset / partition / tree.name
    for number in range(count):
        run = home / f"fold-{number + 1}-of-{count}-epochs-{arguments['epochs']}"
        yield run, {**plan, "arguments": arguments, "run_dir": str(run)}


def _numbered(found: Detections, images: np.ndarray) -> Detections:
    boxes = found.boxes
    return Detections(Boxes(images[boxes.image], boxes.class_id, boxes.corners), found.confidence)


def _together(parts: list[Detections]) -> Detections:
    image = np.concatenate([part.boxes.image for part in parts])
    order = np.argsort(image, kind="stable")
    return Detections(
        Boxes(
            image[order],
            np.concatenate([part.boxes.class_id for part in parts])[order],
            np.concatenate([part.boxes.corners for part in parts])[order],
        ),
        np.concatenate([part.confidence for part in parts])[order],
    )
