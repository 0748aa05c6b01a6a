"""`sub` of a dataset, taken from its `full` where that is built: the same decisions, fewer images.

Deduplication, groups, quotas and split judge all images together, so those of a part come out
otherwise: of a `sub` that is curated by itself, images may be missing in `full`, or lie on the
other side of the split. Where `full` of the same recipe is in the catalog, `sub` is therefore
chosen out of its published rows. Guaranteed then: every image of `sub` is in `full`, with the same
boxes, `group_id` and `split`, and each class has about the share of val that it has in `full`, as
its quota is filled on each side apart. Where there is no such `full`, or the two are made from
different stages, `sub` is made by itself, and nothing of this is promised.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.curation.completion.aside import set_aside
from hoban_assets.curation.duplicates import certificate
from hoban_assets.curation.engines import refuse_below
from hoban_assets.curation.events import duplicates_among
from hoban_assets.curation.graphs import closest
from hoban_assets.curation.selection import (
    choose_backgrounds,
    choose_by_quota,
    count_per_image,
    count_quotas,
)
from hoban_assets.ledger import Ledger
from hoban_assets.pipeline.dataset import Dataset, joined
from hoban_assets.pipeline.features import FeatureExtractor, look_at, similarity_of
from hoban_assets.pipeline.recipe import Recipe
from hoban_assets.samples import Samples
from hoban_assets.settings import Settings
from hoban_assets.yolo import SPLITS


def is_part_of_full(recipe: Recipe) -> bool:
    """Whether `sub` can be a part of `full`: both are made from the same stages."""
    return recipe.inputs_of("sub") == recipe.inputs_of("full")


def sub_of_full(
    recipe: Recipe,
    full: Samples,
    extract: FeatureExtractor,
    ledger: Ledger,
    settings: Settings | None = None,
) -> Dataset:
    """Choose `sub` out of the published rows of `full`, by the quotas of sub. Writes nothing.

    `settings`: see `dataset.build_dataset`; give them where `full` was made with them.
    """
    refuse_below(extract.engine, recipe.group_similarity)
    full, aside = set_aside(full.without_decisions())
    quotas = dict.fromkeys(CLASS_NAMES, recipe.quota.of("sub"))
    samples = ledger.step("quota", partial(_labelled, recipe=recipe, quotas=quotas), full)
    samples = ledger.step("background_quota", partial(_backgrounds, recipe=recipe), samples)
    similar = similarity_of(extract, samples, recipe.group_similarity, ledger.log)
    empty = frozenset(samples.images.source[_is_empty(samples)])
    look = look_at(samples, settings) if settings else None
    same = duplicates_among(samples, similar, recipe.duplicates, empty, look, recipe.similarity)
    side = samples.images.split.to_numpy(str)
    val, train = np.flatnonzero(side == "val"), np.flatnonzero(side == "train")
    return Dataset(
        samples=joined(samples, aside, recipe, ledger),
        certificate=certificate(samples, samples, same, recipe.similarity, engine=extract.engine),
        quotas=count_quotas(full, samples, quotas, recipe.quota_unit),
        backgrounds=int(_is_empty(samples).sum()),
        closest_over_split=closest(similar, val, train, recipe.group_similarity),
    )


def _labelled(samples: Samples, recipe: Recipe, quotas: dict[str, int]) -> Samples:
    """Fill the quotas on each side apart: val gets of a class the share that it has in `full`."""
    counts = {
        side: count_per_image(_side(samples, side), recipe.quota_unit).sum(axis=0)
        for side in SPLITS
    }
    chosen: set[str] = set(samples.images.image_id[_is_empty(samples)])
    in_val = {}
    for index, name in enumerate(CLASS_NAMES):
        total = int(counts["train"][index] + counts["val"][index])
        in_val[name] = round(quotas[name] * int(counts["val"][index]) / max(1, total))
    for side in SPLITS:
        wanted = {n: in_val[n] if side == "val" else quotas[n] - in_val[n] for n in CLASS_NAMES}
        part = choose_by_quota(
            _side(samples, side), wanted, unit=recipe.quota_unit, order=recipe.order
        )
        chosen |= set(part.images.image_id)
    over = ~samples.images.image_id.isin(chosen)
    return samples.drop_images(over, stage="quota", rule="over_quota")


def _backgrounds(samples: Samples, recipe: Recipe) -> Samples:
    """Keep the share of the images without an object that val has in `full`."""
    empty = samples.images[_is_empty(samples)]
    count = recipe.backgrounds.of("sub")
    in_val = round(count * float((empty.split == "val").mean())) if len(empty) else 0
    chosen: set[str] = set()
    for side, most in (("val", in_val), ("train", count - in_val)):
        part = _only(samples, empty.image_id[empty.split == side])
        chosen |= set(choose_backgrounds(part, most).images.image_id)
    over = _is_empty(samples) & ~samples.images.image_id.isin(chosen).to_numpy(bool)
    return samples.drop_images(
        over, stage="background_quota", rule="over_quota", threshold=float(count)
    )


def _is_empty(samples: Samples) -> np.ndarray:
    """Images without any box: those that are published as background."""
    return (samples.boxes_per_image() == 0).to_numpy(bool)


def _side(samples: Samples, side: str) -> Samples:
    return _only(samples, samples.images.image_id[samples.images.split == side])


def _only(samples: Samples, ids: pd.Series) -> Samples:
    images, boxes = samples.images, samples.boxes
    return replace(
        samples,
        images=images[images.image_id.isin(ids)].reset_index(drop=True),
        boxes=boxes[boxes.image_id.isin(ids)].reset_index(drop=True),
    )
