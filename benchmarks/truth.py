"""What a data root really holds: ``python -m benchmarks.truth DATA_ROOT RAW_ROOT [DATASET]``.

Asks the catalog's views and the raw photographs only, nothing of the package, so that two releases
can be compared by the same measure. Leaks are found without candidates: every photograph of val is
compared with every photograph of train.

A *same picture* leak: SIFT features (Lowe 2004, ratio 0.75) fix a partial affine transformation by
RANSAC, also of the mirrored picture, and under it the grey pictures correlate with at least
`SAME_PICTURE` over at least `LEAST_OVERLAP` of the val picture. A *same scene* pair has the
transformation, but not the correlation: another moment of one camera.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import cv2
import duckdb
import numpy as np
import pandas as pd

SIDE = 400
FEATURES = 300
RATIO = 0.75
LEAST_INLIERS = 20
LEAST_OVERLAP = 0.5
SAME_PICTURE = 0.95


def main() -> None:
    """Print every table as Markdown."""
    data_root, raw_root = Path(sys.argv[1]), Path(sys.argv[2])
    dataset = sys.argv[3] if len(sys.argv) > 3 else "dataset_v9"
    catalog = duckdb.connect(str(data_root / "catalog.duckdb"), read_only=True)
    partitions = [
        row[0]
        for row in catalog.execute(
            "SELECT DISTINCT partition FROM images WHERE asset = ? ORDER BY 1 DESC", [dataset]
        ).fetchall()
    ]
    for partition in partitions:
        images = table(catalog, "images", dataset, partition)
        boxes = table(catalog, "boxes", dataset, partition)
        print(f"\n## {dataset} [{partition}]: {len(images):,} images, {len(boxes):,} labels\n")
        print(kept_by_source(images).to_markdown(), "\n")
        print(dropped_by_rule(catalog, partition, dataset).to_markdown(), "\n")
        print(val_shares(images, boxes).to_markdown(floatfmt=".3f"), "\n")
        print(groups_in_val(images), "\n")
        print(leaks(images, raw_root))
    if {"sub", "full"} <= set(partitions):
        print("\n" + sub_in_full(catalog, dataset))


def table(catalog: duckdb.DuckDBPyConnection, view: str, asset: str, partition: str) -> Any:
    """Rows of a view for one asset and partition."""
    sql = f"SELECT * FROM {view} WHERE asset = ? AND partition = ?"  # noqa: S608  own names
    return catalog.execute(sql, [asset, partition]).df()


def kept_by_source(images: pd.DataFrame) -> pd.DataFrame:
    """Images of each source and split."""
    return pd.crosstab(images.source, images.split, margins=True)


def dropped_by_rule(
    catalog: duckdb.DuckDBPyConnection, partition: str, dataset: str
) -> pd.DataFrame:
    """Decisions of the stages and the dataset."""
    stages = ("helmet_60k", "coco_person", "background", dataset)
    pool = [
        row[0]
        for row in catalog.execute(
            "SELECT DISTINCT asset FROM images WHERE asset LIKE 'fallen_pool%'"
        ).fetchall()
    ]
    return (
        catalog.execute(
            "SELECT asset, rule, action, count(*) AS decisions, count(DISTINCT image_id) AS images "
            "FROM decisions WHERE partition = ? AND list_contains(?, asset) "
            "GROUP BY ALL ORDER BY ALL",
            [partition, [*stages, *pool]],
        )
        .df()
        .set_index("asset")
    )


def val_shares(images: pd.DataFrame, boxes: pd.DataFrame) -> pd.DataFrame:
    """Share of val in the images and in the labels of each class."""
    of = boxes.merge(images[["image_id", "split"]], on="image_id")
    rows = {"(images)": (images.split == "val").agg(["sum", "count", "mean"])}
    rows |= {
        name: (part.split == "val").agg(["sum", "count", "mean"])
        for name, part in of.groupby("class_name")
    }
    return pd.DataFrame(rows).T.set_axis(["val", "all", "share"], axis=1)


def groups_in_val(images: pd.DataFrame) -> str:
    """How many groups val holds, and how much of it the largest is."""
    sizes = images[images.split == "val"].group_id.value_counts()
    both = images.groupby("group_id").split.nunique().gt(1).sum()
    return (
        f"{len(sizes)} groups in val, the largest is {sizes.iloc[0] / sizes.sum():.3f} of it; "
        f"{images.group_id.nunique()} groups in all; {both} on both sides"
    )


def sub_in_full(catalog: duckdb.DuckDBPyConnection, dataset: str) -> str:
    """How much of `sub` is not in `full`, or on the other side of its split."""
    sub = table(catalog, "images", dataset, "sub").set_index("image_id").split
    full = table(catalog, "images", dataset, "full").set_index("image_id").split
    there = full.reindex(sub.index)
    return (
        f"sub: {len(sub)} images, {there.isna().sum()} not in full, "
        f"{(there.notna() & (there != sub)).sum()} on the other side of the split"
    )


class Picture:
    """A grey picture and its SIFT features."""

    def __init__(self, path: Path, *, mirrored: bool = False) -> None:
        grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        scale = SIDE / max(grey.shape)
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        self.grey = np.ascontiguousarray(grey[:, ::-1]) if mirrored else grey
        points, found = cv2.SIFT_create(FEATURES).detectAndCompute(self.grey, None)
        self.points = np.array([p.pt for p in points], np.float32).reshape(-1, 2)[:FEATURES]
        found = np.zeros((0, 128), np.float32) if found is None else found[:FEATURES]
        self.features = found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-6)


def leaks(images: pd.DataFrame, raw_root: Path) -> str:
    """Compare every photograph of val with every one of train."""
    val, train = images[images.split == "val"].file, images[images.split == "train"].file
    known = [Picture(raw_root / file) for file in train]
    of = np.repeat(np.arange(len(known)), [len(p.features) for p in known])
    features = np.concatenate([p.features for p in known])
    starts = np.searchsorted(of, np.arange(len(known) + 1))
    same, scene = 0, 0
    for file in val:
        best = 0.0, False
        for mirrored in (False, True):
            picture = Picture(raw_root / file, mirrored=mirrored)
            best = max(best, _closest(picture, known, features @ picture.features.T, starts))
        same += best[0] >= SAME_PICTURE
        scene += best[1] and best[0] < SAME_PICTURE
    return (
        f"of {len(val)} val photographs {same} are the same picture as one of train, "
        f"{scene} more show a scene of train from the same place"
    )


def _closest(
    picture: Picture, known: list[Picture], products: np.ndarray, starts: np.ndarray
) -> tuple[float, bool]:
    """Best correlation with a train picture that matches by geometry, and whether one does."""
    best = 0.0, False
    if products.shape[1] < LEAST_INLIERS:
        return best
    for number, other in enumerate(known):
        block = products[starts[number] : starts[number + 1]].T  # val features x theirs
        if block.shape[1] < LEAST_INLIERS:
            continue
        two = np.partition(block, -2, axis=1)[:, -2:]
        nearest, second = np.sqrt(2 - 2 * two[:, 1].clip(max=1)), np.sqrt(2 - 2 * two[:, 0])
        good = np.flatnonzero(nearest < RATIO * second)
        if len(good) < LEAST_INLIERS:
            continue
        theirs = other.points[block[good].argmax(axis=1)]
        cv2.setRNGSeed(0)
        matrix, inliers = cv2.estimateAffinePartial2D(
            theirs, picture.points[good], ransacReprojThreshold=4.0
        )
        if matrix is None or inliers.sum() < LEAST_INLIERS:
            continue
        best = max(best, (_correlation(picture.grey, other.grey, matrix), True))
    return best


def _correlation(grey: np.ndarray, other: np.ndarray, matrix: np.ndarray) -> float:
    size = grey.shape[::-1]
    warped = cv2.warpAffine(other, matrix, size)
    inside = cv2.warpAffine(np.ones_like(other), matrix, size) > 0
    if inside.mean() < LEAST_OVERLAP:
        return 0.0
    a, b = grey[inside].astype(np.float64), warped[inside].astype(np.float64)
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 0 and b.std() > 0 else 0.0


if __name__ == "__main__":
    main()
