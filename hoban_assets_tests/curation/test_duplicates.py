"""Exactness, coverage, separation and stability of near-duplicate removal."""

from __future__ import annotations

import numpy as np
import pytest
from similar_features import (
    THRESHOLD,
    as_set,
    brute_force_pairs,
    chain,
    random_features,
    samples_of,
)

from hoban_assets.curation.components import components
from hoban_assets.curation.duplicates import (
    certificate,
    deduplicate,
    similar_pairs,
)
from hoban_assets.curation.graphs import keep_best
from hoban_assets.curation.similarity import FeatureGraph, at_least
from hoban_assets.errors import HobanError
from hoban_assets.samples import Samples


class TestPairs:
    @pytest.mark.parametrize("block", [7, 64, 2048])
    @pytest.mark.parametrize("threshold", [0.5, 0.9, 0.99, 1.0])
    def test_equal_a_brute_force_search(self, block: int, threshold: float) -> None:
        features = random_features(150)
        found = similar_pairs(features, threshold, block=block)
        assert as_set(found) == brute_force_pairs(features, threshold)
        assert len(found.i) == len(as_set(found)) > 0
        assert (found.i < found.j).all()

    def test_at_the_threshold_count(self) -> None:
        features = np.array([[1, 0], [0.75, 7**0.5 / 4]], np.float32)  # cosine 0.75 +- 1e-8
        assert as_set(similar_pairs(features, 0.75)) == brute_force_pairs(features, 0.75)
        assert len(similar_pairs(features, 0.75 - 1e-7).i) == 1
        assert len(similar_pairs(features, 0.75 + 1e-7).i) == 0

    def test_of_a_looser_search_hold_those_of_a_tighter_one(self) -> None:
        features = random_features(150)
        loose = similar_pairs(features, 0.5)
        edge = float(np.sort(loose.similarity)[len(loose.i) // 2])  # a similarity that occurs
        for threshold in (0.9, edge):
            found, wanted = at_least(features, loose, threshold), similar_pairs(features, threshold)
            assert as_set(found) == as_set(wanted) == brute_force_pairs(features, threshold)

    def test_copies_have_similarity_one(self) -> None:
        rows = random_features(4, d=576)
        found = similar_pairs(np.repeat(rows, 2, axis=0), 1.0)
        assert {(0, 1), (2, 3), (4, 5), (6, 7)} <= as_set(found)
        assert (found.similarity == 1).all()

    @pytest.mark.parametrize("n", [0, 1])
    def test_none_in_next_to_nothing(self, n: int) -> None:
        assert len(similar_pairs(random_features(2)[:n], 0.1).i) == 0

    @pytest.mark.parametrize("bad", [0.0, np.nan, 2.0])
    def test_refuse_an_image_without_a_feature(self, bad: float) -> None:
        features = random_features(20)
        features[7] *= bad
        with pytest.raises(ValueError, match="row 7"):
            similar_pairs(features, THRESHOLD)

    def test_refuse_to_fill_the_memory(self) -> None:
        with pytest.raises(HobanError, match="raise the threshold"):
            similar_pairs(np.repeat(random_features(1), 50, axis=0), THRESHOLD, max_pairs=1000)


class TestKeepBest:
    @pytest.mark.parametrize("seed", range(5))
    def test_separates_and_covers(self, seed: int) -> None:
        features = random_features(200, seed)
        order = np.random.default_rng(seed).permutation(200)
        kept, witness = keep_best(FeatureGraph(features), order, THRESHOLD)
        graph = brute_force_pairs(features, THRESHOLD)
        assert not any(kept[i] and kept[j] for i, j in graph)
        for image in np.flatnonzero(~kept):
            edge = tuple(sorted((int(image), int(witness[image]))))
            assert kept[witness[image]] and edge in graph
        assert (witness[kept] == -1).all()

    def test_keeps_every_other_link_of_a_chain_and_not_one_of_all(self) -> None:
        graph = FeatureGraph(chain(11, degrees=20))  # cos 20 = 0.94, cos 40 = 0.77
        assert components(graph, np.arange(11), THRESHOLD).max() == 0
        kept, witness = keep_best(graph, np.arange(11), THRESHOLD)
        assert np.flatnonzero(kept).tolist() == [0, 2, 4, 6, 8, 10]
        assert witness[1] == 0

    def test_prefers_the_first_in_order(self) -> None:
        kept, witness = keep_best(FeatureGraph(chain(3, 5)), np.array([1, 0, 2]), THRESHOLD)
        assert kept.tolist() == [False, True, False]
        assert witness.tolist() == [1, -1, 1]

    def test_what_comes_later_in_the_order_changes_nothing(self) -> None:
        features = random_features(200)
        few, many = (FeatureGraph(features[:n]) for n in (120, 200))
        before = keep_best(few, np.arange(120), THRESHOLD)
        after = keep_best(many, np.arange(200), THRESHOLD)
        for old, new in zip(before, after, strict=True):
            np.testing.assert_array_equal(old, new[:120])

    def test_refuses_an_order_that_forgets_an_image(self) -> None:
        with pytest.raises(ValueError, match="every image"):
            keep_best(FeatureGraph(chain(3, 5)), np.array([0, 1, 1]), THRESHOLD)


class TestDeduplicate:
    def test_says_why_and_who_vouches(self) -> None:
        samples = samples_of(3, bytes=[1, 9, 1])
        after = deduplicate(samples, chain(3, 20), THRESHOLD)
        assert after.images.image_id.tolist() == ["s/0001.jpg"]
        assert after.decisions.rule.tolist() == ["near_duplicate"] * 2
        assert after.decisions.witness.tolist() == ["s/0001.jpg"] * 2
        assert after.decisions.value.tolist() == ["0.939693"] * 2
        assert after.decisions.threshold.tolist() == [THRESHOLD] * 2
        assert after.decisions.images_removed.sum() == 2

    @pytest.mark.parametrize("seed", range(3))
    def test_does_not_depend_on_the_order_of_rows(self, seed: int) -> None:
        features = random_features(150)
        samples = samples_of(150)
        shuffled = np.random.default_rng(seed).permutation(150)
        images = samples.images.iloc[shuffled].reset_index(drop=True)
        one = deduplicate(samples, features, THRESHOLD)
        other = deduplicate(
            Samples(images, samples.boxes, samples.decisions), features[shuffled], THRESHOLD
        )
        assert set(one.images.image_id) == set(other.images.image_id)
        columns = ["image_id", "witness", "value"]
        left, right = (
            s.decisions[columns].sort_values("image_id", ignore_index=True) for s in (one, other)
        )
        assert left.equals(right)

    def test_takes_pairs_that_are_listed_already(self) -> None:
        features, samples = random_features(150), samples_of(150)
        searched = deduplicate(samples, features, THRESHOLD)
        pairs = similar_pairs(features, THRESHOLD)
        listed = deduplicate(samples, features, THRESHOLD, pairs=pairs)
        assert listed.decisions.equals(searched.decisions) and len(listed.decisions)
        assert certificate(samples, listed, features, THRESHOLD, pairs=pairs).holds
        assert not certificate(samples, samples, features, THRESHOLD, pairs=pairs).holds

    def test_refuses_an_image_without_features(self) -> None:
        with pytest.raises(ValueError, match="2 features for 3 images"):
            deduplicate(samples_of(3), chain(2, 5), THRESHOLD)

    def test_of_nothing_is_nothing(self) -> None:
        assert deduplicate(Samples.empty(), np.empty((0, 4), np.float32), 0.9).images.empty

    def test_is_certified(self) -> None:
        features, samples = random_features(200), samples_of(200)
        after = deduplicate(samples, features, THRESHOLD)
        proof = certificate(samples, after, features, THRESHOLD, engine="x-1")
        assert proof.holds
        assert (proof.images, proof.kept) == (200, len(after.images))
        assert proof.removed == len(after.decisions)
        assert proof.engine == "x-1"


class TestCertificate:
    def test_sees_a_pair_that_was_left(self) -> None:
        samples = samples_of(3)
        proof = certificate(samples, samples, chain(3, 20), THRESHOLD)
        assert (proof.residual_pairs, proof.holds) == (2, False)

    def test_sees_a_removal_without_witness(self) -> None:
        samples = samples_of(4)
        gone = samples.drop_images(np.array([0, 0, 1, 1], bool), stage="x", rule="x")
        proof = certificate(samples, gone, chain(4, 20), THRESHOLD)
        # 2 has its neighbour 1; 3 had only 2.
        assert (proof.removals_without_witness, proof.residual_pairs) == (1, 1)
        assert proof.largest_component == 4

    def test_refuses_images_from_nowhere(self) -> None:
        with pytest.raises(ValueError, match="not in the pool"):
            certificate(samples_of(2), samples_of(3), chain(2, 20), THRESHOLD)
