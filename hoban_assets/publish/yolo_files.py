"""The files of a published YOLO tree, apart from the images."""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xxhash
import yaml

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.samples import LABEL_DECIMALS, Samples
from hoban_assets.yolo import MANIFEST as MANIFEST
from hoban_assets.yolo import SPLITS as SPLITS

IGNORED = pa.list_(
    pa.struct([("class_id", pa.int8()), *((c, pa.float64()) for c in ("x", "y", "w", "h"))])
)
_BOX = ["x_center", "y_center", "width", "height"]


@dataclass(frozen=True)
class ScaledImages:
    """What the manifest says of a prescaled tree."""

    size: int
    """Pixels of the long side."""
    method: str
    bytes: np.ndarray
    """[images] int64: size of each scaled file; 0 where the image stayed as it is."""

    def facts(self, raw_bytes: pd.Series) -> dict[str, str]:
        """Metadata of the manifest; `raw_bytes` is the size of each raw file."""
        kept = np.where(self.bytes > 0, self.bytes, raw_bytes)
        numbers = {
            "prescale": self.size,
            "scaled": int((self.bytes > 0).sum()),
            "raw_bytes": int(raw_bytes.sum()),
            "image_bytes": int(kept.sum()),
        }
        return {**{key: str(value) for key, value in numbers.items()}, "method": self.method}


@dataclass(frozen=True)
class Placed:
    """The photographs as they lie in the tree, in the order of images."""

    bytes: np.ndarray
    """[images] int64."""
    mtime_ns: np.ndarray
    """[images] int64."""
    content_hash: list[str | None]
    """xxh3-128; None where the published bytes are not those of the raw file."""
    reasons: Counter[str]
    """Why files were copied, and how many."""
    symbolic: Counter[str]
    """Why files are symbolic links, and how many."""

    @classmethod
    def none_yet(cls, images: int) -> Placed:
        """Of a tree that is begun."""
        zeros = np.zeros((2, images), np.int64)
        return cls(zeros[0], zeros[1], [None] * images, Counter(), Counter())

    def note(self, index: int, look: os.stat_result, content_hash: str | None) -> None:
        """Note one file."""
        self.bytes[index], self.mtime_ns[index] = look.st_size, look.st_mtime_ns
        self.content_hash[index] = content_hash


@dataclass(frozen=True)
class Labels:
    """The label files, in the order of images."""

    bytes: list[int]
    content_hash: list[str]
    """xxh3-64."""


def write_labels(samples: Samples, names: list[str], building: Path) -> Labels:
    """Write a label file for each image (`names`, in their order), empty for a background."""
    written = Labels([], [])
    folders = {split: f"{building}/labels/{split}/" for split in SPLITS}
    rows = zip(samples.images.split.tolist(), names, _label_texts(samples), strict=True)
    for split, name, text in rows:
        data = text.encode()
        _write_new(f"{folders[split]}{name.rpartition('.')[0]}.txt", data)
        written.bytes.append(len(data))
        written.content_hash.append(xxhash.xxh3_64_hexdigest(data))
    return written


def _write_new(path: str, data: bytes) -> None:
    """Write a small new file in half the time of `open`, which counts for 100,000 of them."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        if os.write(file, data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
    finally:
        os.close(file)


def _label_texts(samples: Samples) -> Iterator[str]:
    """Content of the label file of each image, in the order of images: a line a label.

    Numbers become text in Arrow: 200,000 labels in a tenth of the time of formatting each.
    """
    labels = samples.labels
    image = samples.positions_of(labels.image_id)
    boxes = {c: np.round(labels[c].to_numpy(), LABEL_DECIMALS) for c in _BOX}
    rows = pa.table({"image": image, "class_id": labels.class_id.to_numpy(), **boxes})
    # Not by their row: trees of one data version are the same, wherever their labels stood.
    rows = rows.sort_by([(name, "ascending") for name in rows.column_names])
    columns = [pc.cast(column, pa.string()) for column in rows.columns[1:]]
    lines = pc.binary_join_element_wise(*columns, " ").to_pylist()
    ends = np.cumsum(np.bincount(image, minlength=len(samples.images))).tolist()
    for start, end in zip([0, *ends], ends, strict=False):
        yield "\n".join([*lines[start:end], ""])


def data_yaml() -> str:
    """The description that a trainer is given; its paths are relative to the folder."""
    content = {
        "train": "images/train",
        "val": "images/val",
        "nc": len(CLASS_NAMES),
        "names": dict(enumerate(CLASS_NAMES)),
    }
    return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))


def write_manifest(
    samples: Samples,
    names: list[str],
    building: Path,
    placed: Placed,
    labels: Labels,
    scaled: ScaledImages | None = None,
) -> None:
    """Write one row an image; counts and why files were copied go into the file's metadata.

    ``width``, ``height``, ``bytes`` and ``content_hash`` are those of the raw file; the columns
    ``published_...`` and ``label_...`` those of the files in the tree (`workers.published_files`
    compares them). The manifest of a prescaled tree has one column more: ``scaled_bytes``, the
    size of the published file, null where the image is as in the raw source.
    """
    images = samples.images
    columns = {
        "name": pa.array(names),
        **{c: pa.array(images[c]) for c in ("split", "image_id", "source", "file", "group_id")},
        **{c: pa.array(images[c]) for c in ("width", "height", "bytes", "content_hash")},
        # What training may take for background: a class that a teacher completed, too.
        "labelled_classes": pa.array(
            images.labelled_classes + images.completed_classes, pa.list_(pa.string())
        ),
        "boxes": pa.array(samples.boxes_per_image(labels_only=True).to_numpy()),
        "ignore_regions": pa.array(_ignore_regions(samples), IGNORED),
        "published_bytes": pa.array(placed.bytes),
        "published_mtime_ns": pa.array(placed.mtime_ns),
        "published_hash": pa.array(placed.content_hash, pa.string()),
        "label_bytes": pa.array(labels.bytes, pa.int64()),
        "label_hash": pa.array(labels.content_hash, pa.string()),
    }
    reasons = placed.reasons
    facts = {
        "boxes": str(len(samples.labels)),
        "copied": str(reasons.total()),
        "symbolic": str(placed.symbolic.total()),
        "copy_reasons": "\n".join(
            f"{count:,} files: {why}" for why, count in (reasons + placed.symbolic).items()
        ),
    }
    if scaled:
        columns["scaled_bytes"] = pa.array(scaled.bytes, mask=scaled.bytes == 0)
        facts |= scaled.facts(images.bytes)
    pq.write_table(pa.table(columns).replace_schema_metadata(facts), building / MANIFEST)


def _ignore_regions(samples: Samples) -> list[list[dict[str, float]]]:
    regions: dict[str, list[dict[str, float]]] = {}
    if not samples.boxes.ignore.any():
        return [[]] * len(samples.images)
    columns = ["image_id", "class_id", *_BOX]
    rows = samples.boxes.loc[samples.boxes.ignore, columns].sort_values(columns)
    for image_id, class_id, *box in rows.itertuples(index=False):
        region = {"class_id": class_id, **dict(zip("xywh", box, strict=True))}
        regions.setdefault(image_id, []).append(region)
    return [regions.get(image_id, []) for image_id in samples.images.image_id.tolist()]
