"""Whatever stages follow on each other, no image and no box is lost or made unseen."""

from functools import partial

from builders import samples_of
from hypothesis import given, settings
from hypothesis import strategies as st

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.curation.contradictions import drop_contradicting_copies
from hoban_assets.curation.quality import (
    drop_without_labels,
    limit_areas,
    limit_crowding,
    merge_equal_labels,
)
from hoban_assets.curation.selection import choose_backgrounds, choose_by_quota
from hoban_assets.curation.splits import split_by_group
from hoban_assets.declared.recipes import declared_recipes
from hoban_assets.ledger import Ledger

(AREA,) = (recipe.area for recipe in declared_recipes() if recipe.version == "v9")
STAGES = {
    "contradictions": drop_contradicting_copies,
    "crowding": partial(limit_crowding, class_name="person", most=2),
    "area": partial(limit_areas, limits=AREA),
    "equal_labels": merge_equal_labels,
    "labels": partial(drop_without_labels, backgrounds=frozenset({"b"}), verified=frozenset()),
    "quota": partial(choose_by_quota, quotas=dict.fromkeys(CLASS_NAMES, 3)),
    "background_quota": partial(choose_backgrounds, count=1),
    "split": partial(split_by_group, val_share=0.2),
}
BOX = st.tuples(st.sampled_from(CLASS_NAMES), st.sampled_from([0.0001, 0.01, 0.05, 0.3, 0.9]))
IMAGES = st.dictionaries(
    st.sampled_from([f"{source}/{n}.jpg" for source in "abc" for n in range(4)]),
    st.lists(BOX, max_size=5),
    min_size=1,
)


@settings(max_examples=15)
@given(
    images=IMAGES,
    hashes=st.lists(st.sampled_from("pqrstuvwxyz"), min_size=12, max_size=12),
    order=st.lists(st.sampled_from(sorted(STAGES)), min_size=1, max_size=5, unique=True),
)
def test_any_order_of_stages_conserves_images_and_boxes(images, hashes, order):
    ledger = Ledger(log=lambda line: None)
    before = samples = samples_of(images, content_hash=hashes[: len(images)])
    for name in order:
        samples = ledger.step(name, STAGES[name], samples)
    assert ledger.unbalanced() == []
    assert samples.images.image_id.is_unique
    assert set(samples.boxes.image_id) <= set(samples.images.image_id)
    assert set(before.images.image_id) == set(samples.images.image_id) | set(
        samples.decisions.image_id[samples.decisions.images_removed > 0]
    )
