"""`Samples`: the one type that flows from raw label files to a published dataset.

Three pandas tables that belong together:

``images``     one row an image, key ``image_id``
``boxes``      one row a labelled object, many to one with ``images``
``decisions``  one row for everything that was repaired, dropped, ignored or merged

Every stage is a pure function ``Samples -> Samples``. It never edits a table in place and
never forgets: what leaves ``images`` or ``boxes`` leaves a row in ``decisions`` that says how
many of each it took away (``images_removed``, ``boxes_removed``), so ``in = kept + dropped``
can be proved for each stage (see `hoban_assets.ledger`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import xxhash

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.tables import (
    BOXES_SCHEMA,
    DECISIONS_SCHEMA,
    IMAGES_SCHEMA,
    Columns,
    frame_of,
    positions_in,
)

LABEL_DECIMALS = 6
"""Decimals of a published coordinate: 0.0006 pixels at 640, far below what a hand can draw."""


FOUND_AT = ("row", "label_file", "mtime_ns", "score", "teacher", "cross_check")
"""Columns that say where a label was found and why it is believed, and when a photograph was."""


@dataclass(frozen=True)
class Samples:
    """Images, their boxes, and the decisions that led here. Immutable: functions return new ones.

    Guarantees kept by every function of this package: ``image_id`` is unique in ``images``;
    every box names an image of ``images``; tables hold exactly the columns of their schema.
    """

    images: pd.DataFrame
    boxes: pd.DataFrame
    decisions: pd.DataFrame

    @classmethod
    def of(
        cls,
        images: Columns | None = None,
        boxes: Columns | None = None,
        decisions: Columns | None = None,
    ) -> Samples:
        """Build from columns; see `frame_of` for columns that are not given."""
        return cls(
            frame_of(images, IMAGES_SCHEMA),
            frame_of(boxes, BOXES_SCHEMA),
            frame_of(decisions, DECISIONS_SCHEMA),
        )

    @classmethod
    def empty(cls) -> Samples:
        """Return Samples without a row."""
        return cls.of()

    @classmethod
    def concat(cls, parts: Iterable[Samples]) -> Samples:
        """Put Samples of different sources together, in the order given.

        Raises:
            ValueError: an image_id occurs twice.
        """
        parts = list(parts)
        if not parts:
            return cls.empty()
        joined = cls(
            pd.concat([p.images for p in parts], ignore_index=True),
            pd.concat([p.boxes for p in parts], ignore_index=True),
            pd.concat([p.decisions for p in parts], ignore_index=True),
        )
        twice = joined.images.image_id[joined.images.image_id.duplicated()]
        if len(twice):
            raise ValueError(f"{len(twice)} image ids occur twice, the first is {twice.iloc[0]}")
        return joined

    @property
    def labels(self) -> pd.DataFrame:
        """The boxes that are labels, without ignore regions."""
        return self.boxes[~self.boxes.ignore]

    def boxes_per_image(self, *, labels_only: bool = False) -> pd.Series:
        """Number of boxes of each image, aligned with ``images`` (0 where there is none)."""
        at = self.positions_of((self.labels if labels_only else self.boxes).image_id)
        counts = np.bincount(at, minlength=len(self.images))
        return pd.Series(counts, self.images.index, name="count")

    def positions_of(self, image_ids: pd.Series) -> np.ndarray:
        """Positions in ``images`` of these images, int64; -1 of one that is not there."""
        return positions_in(self.images.image_id, image_ids)

    def box_counts(self) -> dict[str, int]:
        """Labels of each class, every class named, in the order of the ids."""
        counts = np.bincount(self.labels.class_id.to_numpy(), minlength=len(CLASS_NAMES))
        return {name: int(counts[index]) for index, name in enumerate(CLASS_NAMES)}

    def without_decisions(self) -> Samples:
        """Start a new stage: same rows, no decisions of earlier assets."""
        return replace(self, decisions=frame_of(None, DECISIONS_SCHEMA))

    def with_decisions(self, decisions: pd.DataFrame) -> Samples:
        """Append decisions (columns of DECISIONS_SCHEMA)."""
        if decisions.empty:
            return self
        known = [self.decisions] if len(self.decisions) else []
        return replace(self, decisions=pd.concat([*known, decisions], ignore_index=True))

    def drop_images(
        self,
        mask: pd.Series | np.ndarray,
        *,
        stage: str,
        rule: str,
        value: Sequence[object] | pd.Series | None = None,
        threshold: float | None = None,
        witness: Sequence[str | None] | None = None,
    ) -> Samples:
        """Drop the images where `mask` holds, with their boxes, one decision each.

        `mask` is aligned with ``images`` by position; `value` and `witness` hold one entry for
        each dropped image, in the order of ``images``.
        """
        mask = np.asarray(mask, dtype=bool)
        if not mask.any():
            return self
        gone = self.images[mask]
        decisions = frame_of(
            {
                "image_id": gone.image_id,
                "stage": [stage] * len(gone),
                "rule": [rule] * len(gone),
                "action": ["drop"] * len(gone),
                "file": gone.file,
                "value": _texts(value, len(gone)),
                "threshold": [threshold] * len(gone),
                "witness": list(witness) if witness is not None else [None] * len(gone),
                "images_removed": np.ones(len(gone), np.int32),
                "boxes_removed": self.boxes_per_image()[mask].to_numpy(),
            },
            DECISIONS_SCHEMA,
        )
        kept = replace(
            self,
            images=self.images[~mask].reset_index(drop=True),
            boxes=self.boxes[~mask[self.positions_of(self.boxes.image_id)]].reset_index(drop=True),
        )
        return kept.with_decisions(decisions)

    def drop_boxes(
        self,
        mask: pd.Series | np.ndarray,
        *,
        stage: str,
        rule: str,
        value: Sequence[object] | pd.Series | None = None,
        threshold: float | None = None,
    ) -> Samples:
        """Drop the boxes where `mask` (by position) holds, one decision each; images stay."""
        mask = np.asarray(mask, dtype=bool)
        if not mask.any():
            return self
        decisions = self._box_decisions(mask, stage, rule, "drop", value, threshold)
        kept = replace(self, boxes=self.boxes[~mask].reset_index(drop=True))
        return kept.with_decisions(decisions)

    def ignore_boxes(
        self,
        mask: pd.Series | np.ndarray,
        *,
        stage: str,
        rule: str,
        value: Sequence[object] | pd.Series | None = None,
        threshold: float | None = None,
    ) -> Samples:
        """Turn the boxes where `mask` (by position) holds into ignore regions, with decisions."""
        mask = np.asarray(mask, dtype=bool)
        if not mask.any():
            return self
        decisions = self._box_decisions(mask, stage, rule, "ignore", value, threshold)
        return replace(
            self, boxes=self.boxes.assign(ignore=self.boxes.ignore | mask)
        ).with_decisions(decisions)

    def _box_decisions(
        self,
        mask: np.ndarray,
        stage: str,
        rule: str,
        action: str,
        value: Sequence[object] | pd.Series | None,
        threshold: float | None,
    ) -> pd.DataFrame:
        hit = self.boxes[mask]
        label_files = self.images.set_index("image_id").label_file.reindex(hit.image_id)
        removed = 1 if action == "drop" else 0
        return frame_of(
            {
                "image_id": hit.image_id,
                "stage": [stage] * len(hit),
                "rule": [rule] * len(hit),
                "action": [action] * len(hit),
                "file": label_files.to_numpy(),
                "row": hit.row.where(hit.row >= 0).astype("Int32"),
                "value": _texts(value, len(hit)),
                "threshold": [threshold] * len(hit),
                "boxes_removed": np.full(len(hit), removed, np.int32),
            },
            DECISIONS_SCHEMA,
        )

    def data_version(self) -> str:
        """Hash of the rows of ``images`` and ``boxes``: same rows in any order, same version.

        Decisions are left out, and so is where a label was found (`FOUND_AT`): they say how the
        rows came about, not what they are. An annotation that nobody uses, put in front of those
        that are used, moves their rows and must not train a model again. Where every image has its
        split, groups count by who is together: their names have done their work.
        """
        digest = xxhash.xxh3_128()
        for frame, schema in ((self.images, IMAGES_SCHEMA), (self.boxes, BOXES_SCHEMA)):
            plain = frame[[name for name in schema.names if name not in FOUND_AT]].copy()
            if "labelled_classes" in plain:
                completed = plain.pop("completed_classes").map(",".join)
                plain["labelled_classes"] = plain.labelled_classes.map(",".join)
                plain["labelled_classes"] += completed.where(completed == "", ";" + completed)
                if plain.split.notna().all():
                    plain["group_id"] = _who_is_together(plain)
            digest.update(
                np.sort(pd.util.hash_pandas_object(plain, index=False).to_numpy()).tobytes()
            )
        return digest.hexdigest()


def _who_is_together(images: pd.DataFrame) -> np.ndarray:
    """A number for each group [images] uint64, whatever it is called: the least hash in it."""
    hashes = pd.util.hash_pandas_object(images.image_id, index=False).to_numpy()
    codes, names = pd.factorize(images.group_id)
    least = np.full(len(names) + 1, np.iinfo(np.uint64).max)  # the last, -1: of no group
    np.minimum.at(least, codes, hashes)
    return np.where(codes < 0, hashes, least[codes])


def _texts(value: Sequence[object] | pd.Series | None, length: int) -> list[str | None]:
    if value is None:
        return [None] * length
    values = list(value)
    if len(values) != length:
        raise ValueError(f"{len(values)} values for {length} decisions")
    return [None if v is None else f"{v:.6g}" if isinstance(v, float) else str(v) for v in values]


def stable_hash(text: str) -> int:
    """64-bit hash that is the same in every process and on every machine (xxh3-64)."""
    return xxhash.xxh3_64_intdigest(text.encode())


def stable_shares(texts: Iterable[str]) -> np.ndarray:
    """Map each text to a fixed number in [0, 1), evenly spread: the order of `sub` and splits."""
    return np.fromiter((stable_hash(t) for t in texts), np.uint64).astype(np.float64) / 2.0**64
