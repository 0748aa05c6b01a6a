"""Where pictures come from: a published dataset, or any folder with labels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
import yaml

from hoban_assets.errors import HobanError
from hoban_assets.evaluation.pictures import Boxes, Pictures, content_of, pictures_of
from hoban_assets.yolo import MANIFEST as MANIFEST

if TYPE_CHECKING:
    from hoban_assets.formats.gather import Gathered

EXIF_ORIENTATION = 0x0112
"""Tag of EXIF; from 5 on the image is shown lying."""


def published(tree: Path, title: str) -> Pictures:
    """Pictures of a dataset as `publish` wrote it: its files, labels and manifest.

    Raises:
        HobanError: a file of it is missing or damaged.
    """
    way_out = f"materialise the dataset again, or give another folder than {tree}"
    try:
        rows = pq.read_table(str(tree / MANIFEST)).to_pylist()
        names = yaml.safe_load((tree / "data.yaml").read_text(encoding="utf-8"))["names"]
        order = tuple(names[number] for number in sorted(names))
        tables = [_label_rows(tree, row) for row in rows]
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        raise HobanError(f"{tree} is no whole dataset: {error}", way_out) from error
    files = tuple(tree / "images" / row["split"] / row["name"] for row in rows)
    regions = [
        np.array([[r[c] for c in ("class_id", *"xywh")] for r in row.get("ignore_regions") or []])
        for row in rows
    ]
    return Pictures(
        title,
        order,
        tuple(row.get("image_id") or row["name"] for row in rows),
        files,
        np.array([_size(row, file) for row, file in zip(rows, files, strict=True)]).reshape(-1, 2),
        np.array([row["source"] for row in rows], str),
        np.array([row.get("group_id") or row["name"] for row in rows], str),
        np.array([row["split"] for row in rows], str),
        np.array([np.isin(order, row["labelled_classes"] or []) for row in rows]).reshape(
            len(rows), len(order)
        ),
        _boxes(tables),
        _boxes(regions),
        tuple(_content(row, file) for row, file in zip(rows, files, strict=True)),
        tuple(row.get("file") or row["name"] for row in rows),
    )


def _content(row: Mapping[str, Any], file: Path) -> str:
    """Content of the raw file; a photograph that was scaled for the tree is another picture."""
    scaled = row.get("scaled_bytes")
    known = row.get("content_hash")
    if not known:
        return content_of(file)
    return f"{known} scaled to {scaled} bytes" if scaled else known


def _label_rows(tree: Path, row: Mapping[str, Any]) -> np.ndarray:
    """[labels, 5]: class id, x y w h."""
    name = f"{row['name'].rpartition('.')[0]}.txt"
    text = (tree / "labels" / row["split"] / name).read_text(encoding="utf-8")
    return np.array([line.split() for line in text.splitlines() if line.strip()], float)


def _size(row: Mapping[str, Any], file: Path) -> tuple[int, int]:
    if row.get("width") and row.get("height"):
        return row["width"], row["height"]
    return displayed_size(file)


def displayed_size(file: Path) -> tuple[int, int]:
    """Width and height in pixels as displayed; reads the head of the file.

    Raises:
        HobanError: it is no image.
    """
    from PIL import Image

    try:
        with Image.open(file) as image:
            turned = image.getexif().get(EXIF_ORIENTATION, 1) >= 5
            width, height = image.size
    except (OSError, ValueError) as error:
        raise HobanError(f"{file} cannot be read: {error}", "remove it, or replace it") from error
    return (height, width) if turned else (width, height)


def _boxes(tables: list[np.ndarray]) -> Boxes:
    """Boxes of tables [n, 5] (class id, x y w h centre), one an image."""
    if not any(len(table) for table in tables):
        return Boxes.none()
    rows = np.concatenate([table.reshape(-1, 5) for table in tables])
    image = np.repeat(np.arange(len(tables)), [len(table.reshape(-1, 5)) for table in tables])
    half = rows[:, 3:] / 2
    corners = np.concatenate([rows[:, 1:3] - half, rows[:, 1:3] + half], axis=1)
    return Boxes(image, rows[:, 0].astype(np.int64), corners)


def of_folder(gathered: Gathered, raw_root: Path, classes: Mapping[str, str]) -> Pictures:
    """Pictures of any folder that a reader takes, with its own classes; all of them are labelled.

    Args:
        gathered: what the readers found, with its own classes.
        raw_root: the folder that its paths are below.
        classes: own class -> name to judge it as; empty: as recipes use a declared source, else
            as they are called. Classes that are not in it are left out.

    Raises:
        HobanError: a class of `classes` is not there, or there is no label at all.
    """
    own = [each.name for each in gathered.classes]
    named = dict(classes or gathered.recipe_classes) or {name: name for name in own}
    unknown = sorted(set(named) - set(own))
    folder = gathered.source.folder
    if unknown:
        raise HobanError(
            f"{folder} has no class {', '.join(unknown)}", f"its classes: {', '.join(own)}"
        )
    names = tuple(dict.fromkeys(named.values()))
    samples = gathered.samples
    files = [raw_root / file for file in samples.images.file]
    split = dict(zip(gathered.files.image_id, gathered.files.split, strict=True))
    found = [split.get(image_id, ()) for image_id in samples.images.image_id]
    parts = ["".join(each[:1]).replace("valid", "val") for each in found]
    everything = pictures_of(samples, files, folder, own, parts)
    judged = np.array([names.index(named[name]) if name in named else -1 for name in own])

    def renamed(boxes: Boxes) -> Boxes:
        ids = judged[boxes.class_id]
        kept = ids >= 0
        return Boxes(boxes.image[kept], ids[kept], boxes.corners[kept])

    labels = renamed(everything.labels)
    if not len(labels):
        raise HobanError(
            f"{folder} holds no label of {', '.join(names) or 'any class'}: nothing can be judged",
            "give a folder with labels, or name its classes: --class own=name",
        )
    return Pictures(
        everything.title,
        names,
        everything.ids,
        everything.files,
        everything.sizes,
        everything.sources,
        everything.groups,
        everything.parts,
        np.ones((len(everything), len(names)), bool),
        labels,
        renamed(everything.regions),
        everything.contents,
    )
