"""Copies of one photograph whose labels exclude each other are not trained."""

import pytest

from hoban_assets.classes import CLASS_IDS
from hoban_assets.curation.contradictions import (
    drop_contradicting_copies,
    ignore_contradicting_labels,
)
from hoban_assets.samples import Samples

WITH, WITHOUT = "person_with_helmet", "person_without_helmet"
HELMETS = (WITH, WITHOUT)
HERE, THERE = (0.3, 0.3), (0.7, 0.7)


def copies(*labels, classes=HELMETS, hashes=None):
    """One image for each list of (class, centre); all of one content unless `hashes` says else."""
    ids = [f"s{k}/a.jpg" for k in range(len(labels))]
    rows = [(i, name, at) for i, of in zip(ids, labels, strict=True) for name, at in of]
    sets = [classes] * len(ids) if isinstance(classes[0], str) else list(classes)
    return Samples.of(
        images={
            "image_id": ids,
            "source": [i.split("/")[0] for i in ids],
            "file": ids,
            "labelled_classes": sets,
            "content_hash": hashes or ["same"] * len(ids),
        },
        boxes={
            "image_id": [i for i, _, _ in rows],
            "class_id": [CLASS_IDS[name] for _, name, _ in rows],
            "class_name": [name for _, name, _ in rows],
            "x_center": [at[0] for _, _, at in rows],
            "y_center": [at[1] for _, _, at in rows],
            "width": [0.2] * len(rows),
            "height": [0.2] * len(rows),
        },
    )


def left(samples):
    return len(drop_contradicting_copies(samples).images)


def test_one_object_with_two_classes_costs_every_copy():
    after = drop_contradicting_copies(copies([(WITH, HERE)], [(WITHOUT, HERE)], [(WITH, HERE)]))
    assert after.images.empty and after.boxes.empty
    assert after.decisions.rule.tolist() == ["copies_contradict"] * 3
    assert after.decisions.boxes_removed.sum() == 3


@pytest.mark.parametrize(
    "samples",
    [
        copies([(WITH, HERE)], [(WITH, HERE)]),
        copies([(WITH, HERE)], [(WITHOUT, THERE)]),
        copies([(WITH, HERE), (WITHOUT, THERE)], [(WITHOUT, THERE)]),
        copies([(WITH, HERE), (WITHOUT, HERE)], [(WITHOUT, HERE)]),
        copies([(WITH, HERE)], [(WITHOUT, HERE)], hashes=["one", "other"]),
        copies([(WITH, HERE)], [(WITHOUT, HERE)], hashes=[None, None]),
        copies([(WITH, HERE)], []),
        copies([("person", HERE)], [("fallen", HERE)], classes=[("person",), ("fallen",)]),
    ],
)
def test_copies_that_do_not_exclude_each_other_stay(samples):
    assert left(samples) == 2


def test_helmet_and_no_helmet_exclude_each_other_whatever_else_a_source_labels():
    assert left(copies([(WITH, HERE)], [(WITHOUT, HERE)], classes=[(WITH,), (WITHOUT,)])) == 0


def test_sources_that_label_both_classes_contradict_each_other_in_them():
    both = ("person", "fallen")
    assert left(copies([("person", HERE)], [("fallen", HERE)], classes=both)) == 0


def test_nothing_is_nothing():
    assert left(Samples.empty()) == 0


@pytest.mark.parametrize(
    ("labels", "ignored"),
    [
        ([(WITH, HERE), (WITHOUT, HERE), (WITH, THERE)], [True, True, False]),
        ([(WITH, HERE), (WITHOUT, (0.302, 0.3))], [True, True]),
        ([(WITH, HERE), (WITHOUT, (0.34, 0.3))], [False, False]),  # one behind the other
        ([(WITH, HERE), ("person", HERE)], [False, False]),
        ([(WITH, HERE), (WITH, HERE)], [False, False]),
        ([], []),
    ],
)
def test_a_head_with_and_without_a_helmet_in_one_label_is_neither(labels, ignored):
    after = ignore_contradicting_labels(copies(labels))
    assert after.boxes.ignore.tolist() == ignored
    assert after.decisions.rule.tolist() == ["class_contradicted"] * sum(ignored)
    assert len(after.images) == 1
