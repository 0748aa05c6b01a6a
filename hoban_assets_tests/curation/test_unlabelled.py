"""Photographs without labels wait; those that a person saw to be empty are backgrounds."""

from builders import rules, samples_of

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.curation.quality import drop_without_labels, verified_empty, verify_backgrounds
from hoban_assets.curation.survival import survivals
from hoban_assets.samples import Samples


def pictures(**columns):
    """Nobody looked at a, b was seen to be empty, c is labelled, d is of a source of persons."""
    labelled = [(), CLASS_NAMES, CLASS_NAMES, ("person",)]
    images = {"s/a": [], "s/b": [], "s/c": [("person", 0.1)], "t/d": []}
    return samples_of(images, **{"labelled_classes": labelled, **columns})


def test_only_what_a_person_saw_to_be_empty_is():
    assert verified_empty(pictures()) == {"s/b"}
    assert verified_empty(Samples.empty()) == frozenset()


def test_what_waits_is_told_apart_from_what_lost_its_labels():
    before = pictures()
    after = drop_without_labels(before, verified=verified_empty(before))
    assert list(after.images.image_id) == ["s/b", "s/c"]
    assert rules(after) == [("s/a", "not_labelled_yet", "drop"), ("t/d", "no_label_left", "drop")]


def test_an_empty_picture_that_is_labelled_elsewhere_is_no_background():
    before = pictures(content_hash=["1", "2", "3", "4"])
    after = verify_backgrounds(before, frozenset(), frozenset({"2"}), verified={"s/b"})
    assert ("s/b", "background_labelled_elsewhere", "drop") in rules(after)


def test_what_waits_counts_neither_as_lost_nor_as_there():
    before = pictures()
    after = drop_without_labels(before.without_decisions(), verified=verified_empty(before))
    told = {s.source: (s.before, s.after) for s in survivals([before], after)}
    assert told == {"s": (2, 2), "t": (1, 0)}
