"""Pictures to judge a detector on, with what people labelled on them, and what nobody looked for.

Boxes are corners x1 y1 x2 y2 as shares of the image, 0 to 1: IoU and the share of a box inside
another are the same in shares as in pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xxhash

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.errors import HobanError
from hoban_assets.samples import Samples

if TYPE_CHECKING:
    from hoban_assets.catalog.store import Catalog

EVERYTHING = "all"
"""What stands for all parts."""


@dataclass(frozen=True)
class Boxes:
    """Boxes of many images. Rows belong together by position."""

    image: np.ndarray
    """[n] int64, position of the image."""
    class_id: np.ndarray
    """[n] int64."""
    corners: np.ndarray
    """[n, 4] float64, x1 y1 x2 y2, shares of the image."""

    def __len__(self) -> int:
        return len(self.image)

    @classmethod
    def none(cls) -> Boxes:
        """No box at all."""
        nothing = np.zeros(0, np.int64)
        return cls(nothing, nothing, np.zeros((0, 4)))

    def some(self, kept: np.ndarray) -> Boxes:
        """Boxes where `kept` ([n] bool) holds."""
        return Boxes(self.image[kept], self.class_id[kept], self.corners[kept])

    def of_images(self, kept: np.ndarray) -> Boxes:
        """Boxes of the images where `kept` ([images] bool) holds, numbered anew."""
        mine = kept[self.image]
        number = np.cumsum(kept) - 1
        return Boxes(number[self.image[mine]], self.class_id[mine], self.corners[mine])


@dataclass(frozen=True)
class Pictures:
    """Images with labels. All but `names`, `labels` and `regions` are in the order of images."""

    title: str
    names: tuple[str, ...]
    """Class names in the order of their ids."""
    ids: tuple[str, ...]
    files: tuple[Path, ...]
    sizes: np.ndarray
    """[images, 2] width and height in pixels, as displayed."""
    sources: np.ndarray
    groups: np.ndarray
    """Camera or clip that an image belongs to; images of one are no independent evidence."""
    parts: np.ndarray
    """'train', 'val', 'test', or '' where there is no split."""
    labelled: np.ndarray
    """[images, classes] bool: the absence of a label of this class means that none is there."""
    labels: Boxes
    regions: Boxes
    """Ignore regions: what is found there is neither right nor wrong."""
    contents: tuple[str, ...]
    """What tells the content of each file: a hash, or path, size and time."""
    raw: tuple[str, ...] = ()
    """Raw file of each image, below the raw root; () where `files` are those."""

    def __len__(self) -> int:
        return len(self.ids)

    def part(self, wanted: str | None) -> Pictures:
        """Return the part that is asked for ('all': everything); None: val where there is one.

        Raises:
            HobanError: there is no such part, or nothing labelled in it.
        """
        parts = sorted({str(part) for part in self.parts} - {""})
        wanted = wanted or ("val" if "val" in parts else EVERYTHING)
        if wanted not in (*parts, EVERYTHING):
            raise HobanError(
                f"{self.title} has no {wanted!r}",
                f"give one of {', '.join([*parts, EVERYTHING])}",
            )
        found = self
        if wanted != EVERYTHING:
            found = self.take(self.parts == wanted, f"{self.title} ({wanted})")
        if not len(found.labels):
            raise HobanError(
                f"{found.title} holds no label: nothing can be judged", "give pictures with labels"
            )
        return found

    def take(self, kept: np.ndarray, title: str | None = None) -> Pictures:
        """The images where `kept` ([images] bool) holds."""
        at = np.flatnonzero(kept).tolist()

        def some(values: Sequence[object]) -> tuple:
            return tuple(values[i] for i in at)

        return replace(
            self,
            title=self.title if title is None else title,
            ids=some(self.ids),
            files=some(self.files),
            contents=some(self.contents),
            raw=some(self.raw) if self.raw else (),
            **{
                name: getattr(self, name)[at]
                for name in ("sizes", "sources", "groups", "parts", "labelled")
            },
            labels=self.labels.of_images(kept),
            regions=self.regions.of_images(kept),
        )

    def key(self) -> str:
        """Hash of the pictures' contents in their order, 16 hex digits; labels do not count."""
        return xxhash.xxh3_64_hexdigest("\n".join(self.contents).encode())


def pictures_of(
    samples: Samples,
    files: Sequence[Path],
    title: str,
    names: Sequence[str],
    parts: Sequence[str] | None = None,
) -> Pictures:
    """Pictures of `Samples`, whose files lie at `files`, in the order of images.

    `names` are the classes of its ids; `parts` replaces the column ``split``.
    """
    images = samples.images
    place = pd.Series(np.arange(len(images)), index=images.image_id)
    labelled = np.array([np.isin(names, each) for each in images.labelled_classes], bool)
    split = images.split if parts is None else pd.Series(parts, dtype=object)

    def boxes(rows: pd.DataFrame) -> Boxes:
        centre = rows[["x_center", "y_center"]].to_numpy(float)
        half = rows[["width", "height"]].to_numpy(float) / 2
        return Boxes(
            place.reindex(rows.image_id).to_numpy(np.int64),
            rows.class_id.to_numpy(np.int64),
            np.concatenate([centre - half, centre + half], axis=1),
        )

    return Pictures(
        title,
        tuple(names),
        tuple(images.image_id),
        tuple(files),
        images[["width", "height"]].to_numpy(np.int64),
        images.source.to_numpy(str),
        images.group_id.fillna(images.image_id).to_numpy(str),
        split.fillna("").to_numpy(str),
        labelled.reshape(len(images), len(names)),
        boxes(samples.labels),
        boxes(samples.boxes[samples.boxes.ignore]),
        tuple(
            known or content_of(file)
            for known, file in zip(images.content_hash.tolist(), files, strict=True)
        ),
    )


def benchmark_pictures(catalog: Catalog, name: str, partition: str, raw_root: Path) -> Pictures:
    """Return the pictures of a benchmark (or stage) that was built.

    Raises:
        HobanError: its rows are not in the catalog.
    """
    rows = catalog.load(name, partition)
    files = [raw_root / file for file in rows.images.file]
    return pictures_of(rows, files, name, CLASS_NAMES)


def content_of(file: Path) -> str:
    """Path, size and time of a file: another content has another of these."""
    look = file.stat()
    return f"{file} {look.st_size} {look.st_mtime_ns}"
