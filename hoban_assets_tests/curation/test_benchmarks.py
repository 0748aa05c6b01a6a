"""A benchmark and a dataset share no picture: by content, clip, or similarity."""

import numpy as np
import pytest

from hoban_assets.curation.benchmarks import no_benchmark_inside, overlaps
from hoban_assets.curation.similarity import FeatureGraph
from hoban_assets.samples import Samples


def rows(source, *names, groups=None, contents=None):
    ids = [f"{source}/{name}" for name in names]
    return Samples.of(
        {
            "image_id": ids,
            "source": [source] * len(ids),
            "file": ids,
            "group_id": ids if groups is None else [f"{source}/{g}" for g in groups],
            "content_hash": ids if contents is None else contents,
        }
    )


def test_a_copied_photograph_is_known_by_its_bytes():
    dataset = rows("coco", "1.jpg", "2.jpg", contents=["a", "b"])
    benchmark = rows("benchmark_site", "x.jpg", contents=["b"])
    (found,) = overlaps(dataset, benchmark, None, 0.9)
    assert (found.image_id, found.witness, found.how) == (
        "coco/2.jpg",
        "benchmark_site/x.jpg",
        "content",
    )


@pytest.mark.parametrize(("groups", "how"), [(["gate", "gate"], ["clip"] * 2), (["a", "b"], [])])
def test_another_frame_of_a_clip_of_the_benchmark_is_inside(groups, how):
    dataset = rows("cctv", "gate_1.jpg", "gate_2.jpg", groups=groups)
    benchmark = rows("benchmark_site", "gate_9.jpg", groups=["gate"])
    assert [o.how for o in overlaps(dataset, benchmark, None, 0.9)] == how


def test_photographs_that_happen_to_have_one_name_are_no_clip():
    assert overlaps(rows("coco", "1.jpg"), rows("benchmark_site", "1.jpg"), None, 0.9) == []


@pytest.mark.parametrize(("threshold", "count"), [(0.9, 1), (0.99, 0)])
def test_a_near_copy_is_found_over_both(threshold, count):
    near = np.array([[1.0, 0.0], [0.0, 1.0], [0.95, np.sqrt(1 - 0.95**2)]], np.float32)
    dataset, benchmark = rows("coco", "1.jpg", "2.jpg"), rows("benchmark_site", "x.jpg")
    found = overlaps(dataset, benchmark, FeatureGraph(near), threshold)
    assert [o.image_id for o in found] == ["coco/1.jpg"][:count]


def test_near_copies_within_the_dataset_are_none_of_a_benchmark():
    same = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], np.float32)
    dataset, benchmark = rows("coco", "1.jpg", "2.jpg"), rows("benchmark_site", "x.jpg")
    assert overlaps(dataset, benchmark, FeatureGraph(same), 0.9) == []


def test_the_check_blocks_and_says_what_to_do():
    dataset = rows("coco", "1.jpg", contents=["a"])
    found = overlaps(dataset, rows("benchmark_site", "x.jpg", contents=["a"]), None, 0.9)
    check = no_benchmark_inside({"benchmark_site": found}, "copies")
    assert not check.passed and check.blocking
    assert "coco/1.jpg = benchmark_site/x.jpg (content)" in check.text
    assert "take these pictures out" in check.text
    assert no_benchmark_inside({"benchmark_site": []}, "copies").passed
    assert no_benchmark_inside({}, "").passed
