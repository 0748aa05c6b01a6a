"""Which of several near-duplicates is kept, and where their labels disagree."""

from __future__ import annotations

import pytest
from similar_features import THRESHOLD, box, chain, samples_of, with_boxes

from hoban_assets.curation.duplicates import deduplicate, keep_order


class TestKeepOrder:
    @pytest.mark.parametrize(
        ("better", "column", "values"),
        [
            ("more pixels", "width", [100, 200]),
            ("sharper", "sharpness", [1.0, 2.0]),
            ("sharpness known", "sharpness", [None, 0.5]),
            ("more bytes", "bytes", [10, 20]),
        ],
    )
    def test_of_images_alike(self, better: str, column: str, values: list[object]) -> None:
        samples = samples_of(2, **{"height": [10, 10], "width": [10, 10], column: values})
        assert keep_order(samples).tolist() == [1, 0], better

    def test_ends_ties_by_id(self) -> None:
        assert keep_order(samples_of(4)).tolist() == [0, 1, 2, 3]

    def test_labels_come_before_all_else(self) -> None:
        images = {
            "image_id": ["a", "b", "c", "d", "e"],
            "source": ["poor", "poor", "poor", "rich", "poor"],
            "file": ["a", "b", "c", "d", "e"],
        }
        rows = [
            box("a"),
            box("a"),
            box("a", origin="repaired"),
            box("b"),
            box("b"),
            box("c", "fallen"),
        ]
        samples = with_boxes(images, rows)
        # c: the rare class; b: two persons; then none: the better source first; a: repaired.
        assert keep_order(samples, ["rich", "poor"]).tolist() == [2, 1, 3, 4, 0]
        assert keep_order(samples, ["poor", "rich"]).tolist() == [2, 1, 4, 3, 0]

    def test_ignore_regions_count_for_nothing(self) -> None:
        images = {"image_id": ["a", "b"], "source": ["s", "s"], "file": ["a", "b"]}
        samples = with_boxes(images, [box("a", ignore=True), box("a", ignore=True), box("b")])
        assert keep_order(samples).tolist() == [1, 0]


class TestDisagreements:
    """Image a is kept (more labels, or more bytes), b is its near-duplicate."""

    def review(
        self,
        rows: list[tuple[object, ...]],
        labelled: tuple[tuple[str, ...], tuple[str, ...]] = (("person",), ("person",)),
    ) -> list[str]:
        images = {
            "image_id": ["a", "b"],
            "source": ["s", "t"],
            "file": ["s/a", "t/b"],
            "labelled_classes": [list(c) for c in labelled],
            "bytes": [2, 1],
        }
        after = deduplicate(with_boxes(images, rows), chain(2, 5), THRESHOLD)
        assert after.images.image_id.tolist() == ["a"]
        hits = after.decisions[after.decisions.rule == "labels_disagree"]
        assert hits.action.eq("review").all() and hits.witness.eq("a").all()
        assert hits[["images_removed", "boxes_removed"]].to_numpy().sum() == 0
        return hits.value.tolist()

    def test_equal_labels_pass(self) -> None:
        assert self.review([box("a"), box("b", x=0.52)]) == []

    def test_no_labels_pass(self) -> None:
        assert self.review([]) == []

    def test_background_that_is_labelled_elsewhere(self) -> None:
        assert self.review([box("a")]) == ["no box here, 1 labels in the kept image"]

    def test_object_that_is_elsewhere(self) -> None:
        [text] = self.review([box("a", x=0.3), box("b", x=0.7)])
        assert text.startswith("person: 1 here, 1 in the kept image, 2 apart, best IoU 0.00")

    def test_object_that_is_missing(self) -> None:
        [text] = self.review([box("a", x=0.3), box("a", x=0.7), box("b", x=0.3)])
        assert "1 apart" in text

    def test_one_box_is_no_partner_of_two(self) -> None:
        assert len(self.review([box("a", x=0.50), box("a", x=0.51), box("b", x=0.5)])) == 1

    def test_object_in_an_ignore_region_passes(self) -> None:
        rows = [box("a", x=0.3), box("a", x=0.7), box("b", x=0.3), box("b", x=0.7, ignore=True)]
        assert self.review(rows) == []

    def test_class_that_only_one_source_labels_passes(self) -> None:
        rows = [box("a"), box("a", "fallen"), box("b")]
        assert self.review(rows, (("person", "fallen"), ("person",))) == []
        assert len(self.review(rows, (("person", "fallen"), ("person", "fallen")))) == 1
