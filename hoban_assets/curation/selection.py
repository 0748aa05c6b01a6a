"""Quotas: how much of each class goes into a dataset, and which images carry it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.samples import Samples, stable_shares

Unit = Literal["boxes", "images"]
Order = Literal["hash", "area"]
ALL = 1 << 40
"""A quota without a limit: more than any dataset holds."""


@dataclass(frozen=True)
class QuotaCount:
    """How one class fared, in the quota's unit."""

    class_name: str
    candidates: int
    chosen: int
    quota: int

    @property
    def missing(self) -> int:
        """What the candidates could not fill; 0 where the quota is reached."""
        return max(0, self.quota - self.chosen) if self.quota < ALL else 0


def choose_by_quota(
    samples: Samples,
    quotas: Mapping[str, int],
    *,
    unit: Unit = "boxes",
    order: Order = "hash",
) -> Samples:
    """Keep images until each class has its quota; the others are dropped as `over_quota`.

    Classes are filled from the scarcest (candidates over quota) to the most plentiful. An image
    with several classes counts for each of them and is kept once, so a class starts with what
    earlier ones brought along. Within a class images come in the order of a hash of their id
    (a chosen image stays chosen when others are added, but for the last few), or with the
    largest box first. By its own choice a class ends less than one image's labels above quota.

    Images without a label are not judged here and stay (see `choose_backgrounds`).
    """
    counts = count_per_image(samples, unit)
    rank = _rank(samples, order)
    chosen = counts.sum(axis=1) == 0
    for index in _scarcest_first(counts, quotas):
        mine = counts[:, index]
        missing = quotas[CLASS_NAMES[index]] - mine[chosen].sum()
        candidates = np.flatnonzero((mine > 0) & ~chosen)
        candidates = candidates[np.argsort(rank[candidates], kind="stable")]
        filled_before = np.cumsum(mine[candidates]) - mine[candidates]
        chosen[candidates[filled_before < missing]] = True
    return samples.drop_images(~chosen, stage="quota", rule="over_quota")


def count_quotas(
    before: Samples, after: Samples, quotas: Mapping[str, int], unit: Unit = "boxes"
) -> list[QuotaCount]:
    """One count for each class of `quotas`: candidates in `before`, chosen in `after`."""
    had, has = count_per_image(before, unit).sum(axis=0), count_per_image(after, unit).sum(axis=0)
    return [
        QuotaCount(name, int(had[index]), int(has[index]), quotas[name])
        for index, name in enumerate(CLASS_NAMES)
        if name in quotas
    ]


def choose_backgrounds(samples: Samples, count: int) -> Samples:
    """Keep `count` of the images that hold no box, lowest hash of the id first."""
    mine = np.flatnonzero(samples.boxes_per_image() == 0)
    shares = stable_shares(samples.images.image_id.iloc[mine])
    over = np.zeros(len(samples.images), bool)
    over[mine[np.argsort(shares, kind="stable")][count:]] = True
    return samples.drop_images(
        over, stage="background_quota", rule="over_quota", threshold=float(count)
    )


def count_per_image(samples: Samples, unit: Unit, classes: int = len(CLASS_NAMES)) -> np.ndarray:
    """Labels of each class on each image, int64 [images, classes]; 0 or 1 for unit 'images'."""
    labels = samples.labels
    positions = samples.positions_of(labels.image_id)
    counts = np.zeros((len(samples.images), classes), np.int64)
    np.add.at(counts, (positions, labels.class_id.to_numpy()), 1)
    return np.minimum(counts, 1) if unit == "images" else counts


def _rank(samples: Samples, order: Order) -> np.ndarray:
    """Position of each image in the order of choice, lowest first; equal areas by hash."""
    shares = stable_shares(samples.images.image_id)
    if order == "hash":
        return np.argsort(np.argsort(shares, kind="stable"), kind="stable")
    by_image = samples.labels.groupby("image_id").area.max()
    largest = by_image.reindex(samples.images.image_id, fill_value=0.0).to_numpy()
    by_area = np.lexsort((shares, -largest))
    return np.argsort(by_area, kind="stable")


def _scarcest_first(counts: np.ndarray, quotas: Mapping[str, int]) -> list[int]:
    total = counts.sum(axis=0)
    wanted = [i for i, name in enumerate(CLASS_NAMES) if quotas.get(name)]
    return sorted(wanted, key=lambda i: (total[i] / quotas[CLASS_NAMES[i]], i))
