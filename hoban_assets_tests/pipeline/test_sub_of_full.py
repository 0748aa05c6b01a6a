"""`sub` taken from `full`: a part of it in images, boxes, groups and sides."""

import numpy as np
import pytest
from builders import samples_of

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.ingredients import can_be_taken_from, key_of
from hoban_assets.ledger import Ledger
from hoban_assets.pipeline.dataset import build_dataset, dataset_ingredients
from hoban_assets.pipeline.recipe import Recipe
from hoban_assets.pipeline.sub import is_part_of_full, sub_of_full


def recipe(**more):
    given = {
        "version": "v3",
        "description": "",
        "stages": ["workers"],
        "background": "empty",
        "quota": {"sub": 120, "full": 900},
        "backgrounds": {"sub": 12, "full": 60},
    }
    return Recipe.model_validate({**given, **more})


class Scenes:
    """An engine that finds images of one scene similar: 'scene-copy' is the end of an id."""

    engine = "scenes"

    def __call__(self, samples):
        scene = samples.images.image_id.str.rpartition("/")[2].str.partition("-")[0].astype(int)
        features = np.zeros((len(scene), 1500), np.float32)
        features[np.arange(len(scene)), scene] = 1
        return features


def stages(seed):
    """Photographs of all classes, a third of them near-copies of others, and empty scenes."""
    draw = np.random.default_rng(seed)
    images = {}
    for i in range(1100):
        scene, copy = (i, 0) if i < 800 else (int(draw.integers(800)), i)
        names = draw.choice(CLASS_NAMES, int(draw.integers(1, 4)))
        images[f"yard/{scene}-{copy}"] = [(str(name), 0.1) for name in names]
    empty = {f"night/{i}-0": [] for i in range(1100, 1180)}
    return {"workers": samples_of(images), "empty": samples_of(empty)}


def built(seed, **more):
    made = recipe(**more)
    full = build_dataset(made, "full", stages(seed), Scenes(), Ledger(print))
    ledger = Ledger(print)
    return full, sub_of_full(made, full.samples, Scenes(), ledger), ledger


@pytest.mark.parametrize("more", [{}, {"quota_unit": "images"}, {"order": "area"}])
@pytest.mark.parametrize("seed", range(3))
def test_sub_is_a_part_of_full_with_the_same_boxes_group_and_side(seed, more):
    whole, part, ledger = built(seed, **more)
    sub, full = part.samples, whole.samples
    known = full.images.set_index("image_id").loc[sub.images.image_id]
    assert (known.split.to_numpy() == sub.images.split.to_numpy()).all()
    assert (known.group_id.to_numpy() == sub.images.group_id.to_numpy()).all()
    mine = full.boxes[full.boxes.image_id.isin(sub.images.image_id)].reset_index(drop=True)
    assert mine.equals(sub.boxes)
    assert ledger.unbalanced() == []
    assert 0 < len(sub.images) < len(full.images)


def test_a_sub_without_a_quota_is_all_of_full():
    no_limit = {"sub": None, "full": None}
    whole, part, _ = built(0, quota=no_limit, backgrounds=no_limit)
    assert set(part.samples.images.image_id) == set(whole.samples.images.image_id)
    assert [q.missing for q in part.quotas] == [0, 0, 0, 0]


@pytest.mark.parametrize("seed", range(3))
def test_each_class_has_its_quota_and_the_share_of_val_that_it_has_in_full(seed):
    whole, part, _ = built(seed)
    labels = {
        name: d.samples.labels.merge(d.samples.images[["image_id", "split"]])
        for name, d in (("full", whole), ("sub", part))
    }
    for name in CLASS_NAMES:
        full, sub = (labels[p][labels[p].class_name == name] for p in ("full", "sub"))
        assert len(sub) >= 120
        share = (full.split == "val").mean()
        assert (sub.split == "val").sum() >= round(120 * share)
        assert abs((sub.split == "val").mean() - share) < 0.04
    assert part.backgrounds == 12
    assert [q.missing for q in part.quotas] == [0, 0, 0, 0]


def test_the_evidence_of_a_sub_is_its_own():
    _, part, _ = built(0)
    assert part.certificate.holds
    assert part.certificate.images == len(part.samples.images)
    assert part.closest_over_split == 0


def test_the_rows_of_full_do_not_decide_by_their_order():
    whole, part, _ = built(1)
    turned = type(whole.samples)(
        whole.samples.images.iloc[::-1].reset_index(drop=True),
        whole.samples.boxes.iloc[::-1].reset_index(drop=True),
        whole.samples.decisions,
    )
    again = sub_of_full(recipe(), turned, Scenes(), Ledger(print))
    assert set(again.samples.images.image_id) == set(part.samples.images.image_id)


def test_stages_that_differ_by_partition_promise_nothing():
    assert is_part_of_full(recipe())
    assert not is_part_of_full(recipe(stages=[{"sub": "few", "full": "many"}]))


def test_full_counts_if_recipe_and_engine_are_those_of_now():
    old = dataset_ingredients(recipe(), "full", stages(0), "scenes", "code")
    assert can_be_taken_from(old, recipe().as_recipe(), "scenes")
    assert can_be_taken_from(old, recipe(quota={"sub": 7, "full": 900}).as_recipe(), None)
    assert not can_be_taken_from(old, recipe(similarity=0.95).as_recipe(), "scenes")
    assert not can_be_taken_from(old, recipe().as_recipe(), "other")


def test_the_key_of_a_sub_holds_the_version_of_full():
    alone, first, second = (
        key_of(dataset_ingredients(recipe(), "sub", stages(0), "scenes", "code", full))
        for full in (None, "a", "b")
    )
    assert len({alone, first, second}) == 3
