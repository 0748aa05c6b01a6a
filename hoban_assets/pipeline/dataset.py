"""How a dataset version is made from its stages: the road of a recipe, step by step."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from hoban_assets.classes import CLASS_NAMES, PERSON
from hoban_assets.curation.completion.aside import STAGE as COMPLETED_LABELS
from hoban_assets.curation.completion.aside import Aside, boxes_on, join_train, set_aside
from hoban_assets.curation.components import components, links
from hoban_assets.curation.contradictions import drop_contradicting_copies
from hoban_assets.curation.duplicates import Certificate, certificate, deduplicate
from hoban_assets.curation.engines import refuse_below
from hoban_assets.curation.events import duplicates_among
from hoban_assets.curation.graphs import closest
from hoban_assets.curation.quality import (
    drop_without_labels,
    limit_areas,
    limit_crowding,
    merge_equal_labels,
    verified_empty,
    verify_backgrounds,
)
from hoban_assets.curation.selection import (
    QuotaCount,
    choose_backgrounds,
    choose_by_quota,
    count_quotas,
)
from hoban_assets.curation.similarity import SimilarityGraph
from hoban_assets.curation.splits import join_groups, split_by_group
from hoban_assets.ingredients import Ingredients, key_of, of_full, rows_from
from hoban_assets.ledger import Ledger
from hoban_assets.pipeline.features import FeatureExtractor, look_at, similarity_of
from hoban_assets.pipeline.progress import progress_line
from hoban_assets.pipeline.recipe import Recipe
from hoban_assets.samples import Samples
from hoban_assets.settings import Settings


@dataclass(frozen=True)
class Dataset:
    """A dataset before it is published, and the evidence for its checks."""

    samples: Samples
    certificate: Certificate
    quotas: list[QuotaCount]
    backgrounds: int
    """Images without any object."""
    closest_over_split: float
    """Highest similarity of a train image to a val image, or 0 below the group similarity."""


def input_key(
    recipe: Recipe, partition: str, stages: Mapping[str, Samples], engine: str, code_version: str
) -> str:
    """Hash of `dataset_ingredients`."""
    return key_of(dataset_ingredients(recipe, partition, stages, engine, code_version))


def dataset_ingredients(
    recipe: Recipe,
    partition: str,
    stages: Mapping[str, Samples],
    engine: str,
    code_version: str,
    full: str | None = None,
) -> Ingredients:
    """Everything that decides the rows of a dataset.

    `full`: data version of the full dataset that a sub is taken from (see `pipeline.sub`).
    """
    versions = input_versions(recipe, partition, stages) | of_full(recipe.dataset, full)
    return rows_from(recipe.as_recipe(), partition, code_version, versions, engine)


def input_versions(recipe: Recipe, partition: str, stages: Mapping[str, Samples]) -> dict[str, str]:
    """Data version of each stage that this partition is made from."""
    return {name: stages[name].data_version() for name in recipe.inputs_of(partition)}


def build_dataset(
    recipe: Recipe,
    partition: str,
    stages: Mapping[str, Samples],
    extract: FeatureExtractor,
    ledger: Ledger,
    settings: Settings | None = None,
) -> Dataset:
    """Put the stages of a recipe together, curate, choose and split. Writes nothing.

    `settings` say where the photographs lie, to look at those whose labels disagree; without them
    such photographs are taken to lie on each other as they are.

    Raises:
        HobanError: the engine knows no pairs as little similar as the recipe asks for.
    """
    refuse_below(extract.engine, recipe.group_similarity)
    samples = Samples.concat(
        stages[name].without_decisions() for name in recipe.inputs_of(partition)
    )
    samples, aside = set_aside(samples)
    backgrounds = _backgrounds(recipe, stages)
    samples = _curate(recipe, samples, backgrounds, ledger)

    # One graph serves both thresholds: removal is a part of the looser one of the split.
    pool, similar = samples, similarity_of(extract, samples, recipe.group_similarity, ledger.log)
    look = look_at(pool, settings) if settings else None
    same = duplicates_among(pool, similar, recipe.duplicates, backgrounds, look, recipe.similarity)
    dedupe = partial(
        deduplicate,
        similar=same,
        threshold=recipe.similarity,
        source_priority=list(dict.fromkeys(pool.images.source)),
        progress=progress_line("looking for near-duplicates", ledger.log),
        pictures=similar,
        look=look,
    )
    samples = ledger.step("dedupe", dedupe, samples)
    proof = certificate(pool, samples, same, recipe.similarity, engine=extract.engine)
    at = pool.positions_of(samples.images.image_id)
    together = links(components(similar, at, recipe.group_similarity))
    samples = ledger.step("groups", lambda s: join_groups(s, together), samples)

    quotas = dict.fromkeys(CLASS_NAMES, recipe.quota.of(partition))
    candidates = samples
    samples = ledger.step(
        "quota",
        partial(choose_by_quota, quotas=quotas, unit=recipe.quota_unit, order=recipe.order),
        samples,
    )
    samples = ledger.step(
        "background_quota",
        partial(choose_backgrounds, count=recipe.backgrounds.of(partition)),
        samples,
    )
    counts = count_quotas(candidates, samples, quotas, recipe.quota_unit)
    samples = ledger.step("split", partial(split_by_group, val_share=recipe.val_share), samples)
    return Dataset(
        samples=joined(samples, aside, recipe, ledger),
        certificate=proof,
        quotas=counts,
        backgrounds=int((samples.boxes_per_image() == 0).sum()),
        closest_over_split=_closest_over_split(pool, samples, similar, recipe.group_similarity),
    )


def joined(samples: Samples, aside: Aside, recipe: Recipe, ledger: Ledger) -> Samples:
    """Give the train side of a split dataset what teachers added (see `completion.aside`)."""
    if not aside:
        return samples
    start, before = time.perf_counter(), len(samples.decisions)
    boxes_in = len(samples.boxes) + boxes_on(aside, samples)
    made = join_train(samples, aside, recipe.area)
    ledger.record(
        COMPLETED_LABELS,
        len(samples.images),
        boxes_in,
        made,
        made.decisions.iloc[before:],
        time.perf_counter() - start,
    )
    return made


def _curate(
    recipe: Recipe, samples: Samples, backgrounds: frozenset[str], ledger: Ledger
) -> Samples:
    samples = ledger.step("contradictions", drop_contradicting_copies, samples)
    labelled = samples.images.content_hash[(samples.boxes_per_image() > 0).to_numpy()]
    verified = verified_empty(samples)
    if recipe.max_persons is not None:
        limit = partial(limit_crowding, class_name=PERSON, most=recipe.max_persons)
        samples = ledger.step("crowding", limit, samples)
    samples = ledger.step("area", partial(limit_areas, limits=recipe.area), samples)
    samples = ledger.step("equal_labels", merge_equal_labels, samples)
    bare = partial(drop_without_labels, backgrounds=backgrounds, verified=verified)
    samples = ledger.step("labels", bare, samples)
    verify = partial(
        verify_backgrounds,
        backgrounds=backgrounds,
        labelled_hashes=frozenset(labelled),
        verified=verified,
    )
    return ledger.step("backgrounds", verify, samples)


def _backgrounds(recipe: Recipe, stages: Mapping[str, Samples]) -> frozenset[str]:
    """Names of the sources whose images hold no object."""
    return frozenset(stages[recipe.background].images.source) if recipe.background else frozenset()


def _closest_over_split(
    pool: Samples, samples: Samples, similar: SimilarityGraph, threshold: float
) -> float:
    at, split = pool.positions_of(samples.images.image_id), samples.images.split.to_numpy(str)
    return closest(similar, at[split == "val"], at[split == "train"], threshold)
