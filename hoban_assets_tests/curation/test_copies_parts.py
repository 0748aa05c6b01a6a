"""The parts of the engine `copies`, each on little input with a known answer."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from hoban_assets.curation.copies.crops import crops
from hoban_assets.curation.copies.hits import HIT, best_of_each
from hoban_assets.curation.copies.lying import Lyings, lying
from hoban_assets.curation.copies.proving import COMMON, FLOOR, PROOF, _on_scale
from hoban_assets.curation.copies.rough import may_fit
from hoban_assets.curation.copies.sketch import SMALL, Sketches, sketch, unpacked
from hoban_assets.curation.copies.turns import TURNS, turned


def scene(seed: int) -> np.ndarray:
    """Grey, square, without any two corners alike: soft noise, coarse and fine."""
    rng = np.random.default_rng(seed)
    coarse, fine = (rng.standard_normal((side, side)).astype(np.float32) for side in (8, 60))
    picture = sum(cv2.resize(n, (480, 480), interpolation=cv2.INTER_CUBIC) for n in (coarse, fine))
    return cv2.normalize(picture, None, 20, 230, cv2.NORM_MINMAX).astype(np.uint8)


def sketches(*pictures: np.ndarray) -> Sketches:
    return unpacked(np.stack([sketch(np.ascontiguousarray(one)) for one in pictures]))


def pair(i: int, j: int) -> tuple[np.ndarray, np.ndarray]:
    return np.array([i]), np.array([j])


class TestBestOfEach:
    @staticmethod
    def hits(*rows: tuple[int, int, float]) -> np.ndarray:
        return np.array([(i, j, score, -1) for i, j, score in rows], HIT)

    def test_a_hit_stays_where_it_is_among_the_best_of_either_image(self) -> None:
        rows = self.hits((0, 1, 0.9), (0, 2, 0.8), (0, 3, 0.7), (1, 3, 0.75), (1, 2, 0.6))
        kept = best_of_each(rows, 1)
        # (0, 2) is the best of image 2; images 0 and 3 have better ones than (0, 3).
        assert kept[["i", "j"]].tolist() == [(0, 1), (0, 2), (1, 3)]

    def test_equal_scores_fall_by_place_whatever_the_order(self) -> None:
        rows = self.hits(*((0, j, 0.5) for j in range(1, 9)), *((9, j, 0.9) for j in range(10, 19)))
        some = np.random.default_rng(0).permutation(rows)
        wanted = set(best_of_each(rows, 3).tolist())
        assert set(best_of_each(some, 3).tolist()) == wanted

    def test_a_camera_of_n_frames_keeps_n_hits_not_n_squared(self) -> None:
        one, two = np.triu_indices(60, 1)
        rows = np.zeros(len(one), HIT)
        rows["i"], rows["j"], rows["score"] = one, two, 1 / (two - one)
        assert len(best_of_each(rows, 4)) <= 60 * 4

    def test_nothing_stays_nothing(self) -> None:
        assert len(best_of_each(np.empty(0, HIT), 3)) == 0


class TestCrops:
    def test_of_all_pairs_a_crop_has_most_corners_that_agree(self) -> None:
        pictures = [scene(seed) for seed in range(6)]
        found = crops(sketches(*pictures, pictures[2][60:444, 60:444]))
        assert found[["i", "j"]][found["score"].argmax()].tolist() == (2, 6)

    def test_every_hit_says_how_many_corners_agree_and_is_there_once(self) -> None:
        pictures = [scene(1)[k : 400 + k, k : 400 + k] for k in range(0, 80, 10)]
        found = crops(sketches(*pictures))
        assert (found["score"] >= 5).all() and (found["i"] < found["j"]).all()
        assert len(np.unique(found[["i", "j"]])) == len(found)

    def test_flat_pictures_have_no_corners_and_no_hits(self) -> None:
        flat = np.full((300, 300), 90, np.uint8)
        assert len(crops(sketches(flat, flat + 1, flat + 2))) == 0


class TestLying:
    @pytest.mark.parametrize("turn", TURNS)
    def test_a_turned_crop_tells_its_turn_scale_and_shift(self, turn: int) -> None:
        picture = scene(3)
        crop = picture[48:432, 96:480]  # 80 % of the sides
        found = lying(sketches(picture, np.ascontiguousarray(turned(crop, turn))), *pair(0, 1))
        assert found.turn.tolist() == [turn]
        assert found.scale[0] == pytest.approx([1.25, 1.25], abs=0.03)
        corners = np.array([[96, 48], [480, 432]]) / 480  # of the crop, in the picture
        square = np.zeros((1, 481, 481), np.uint8)
        for x, y in (corners * 480).astype(int):
            square[0, y, x] = 1
        [[y0, x0], [y1, x1]] = np.argwhere(turned(square, turn)[0])
        low = np.array([min(x0, x1), min(y0, y1)]) / 480
        assert found.scale[0] * low + found.shift[0] == pytest.approx([0, 0], abs=0.03)

    def test_pictures_of_different_things_have_none(self) -> None:
        found = lying(
            sketches(scene(1), scene(2), scene(4)), np.array([0, 0, 1]), np.array([1, 2, 2])
        )
        assert not found.known.any()

    def test_does_not_depend_on_what_else_is_asked(self) -> None:
        some = sketches(*(scene(1)[k : 400 + k, k : 400 + k] for k in range(0, 80, 10)))
        i, j = np.triu_indices(8, 1)
        together = lying(some, np.tile(i, 5), np.tile(j, 5))
        alone = lying(some, i[7:8], j[7:8])
        for side, one in zip(together, alone, strict=True):
            np.testing.assert_array_equal(side[7], one[0])

    def test_nothing_asked_nothing_said(self) -> None:
        none = np.empty(0, int)
        assert len(lying(sketches(scene(1)), none, none).turn) == 0


class TestScale:
    def test_what_the_proof_must_say_is_the_threshold_of_the_recipes(self) -> None:
        said = _on_scale(np.array([0, FLOOR, PROOF, 1]))
        assert said == pytest.approx([0, FLOOR, COMMON, 1])

    def test_keeps_the_order_of_pairs(self) -> None:
        assert (np.diff(_on_scale(np.linspace(0, 1, 101))) > 0).all()


class TestMayFit:
    @staticmethod
    def small(picture: np.ndarray) -> np.ndarray:
        return cv2.resize(picture, (SMALL, SMALL), interpolation=cv2.INTER_AREA)

    @pytest.mark.parametrize("turn", TURNS)
    def test_a_turned_darker_picture_fits_as_a_whole_by_its_turn_only(self, turn: int) -> None:
        one = self.small(scene(5))
        both = np.stack([one, (turned(one, turn) * 0.6).astype(np.uint8)])
        fits = [
            bool(may_fit(both, *pair(0, 1), Lyings.as_wholes(np.array([each])))[0])
            for each in TURNS
        ]
        assert fits == [each == turn for each in TURNS]

    @pytest.mark.parametrize("which", [0, 1])
    def test_a_crop_fits_where_it_lies_and_not_elsewhere(self, which: int) -> None:
        picture = scene(6)
        both = np.stack([self.small(picture), self.small(picture[96:, 96:])])  # 1.25, -0.25
        wide, off = (1.25, -0.25) if which == 0 else (0.8, 0.2)
        for shift, fits in ((off, True), (off + 0.2, False)):
            laid = Lyings(np.zeros(1, int), np.full((1, 2), wide), np.full((1, 2), shift))
            assert may_fit(both, *pair(which, 1 - which), laid).tolist() == [fits]

    def test_somebody_who_came_in_does_not_fit(self) -> None:
        empty = scene(7)
        seen = empty.copy()
        cv2.rectangle(seen, (150, 100), (330, 460), 255, -1)
        both = np.stack([self.small(empty), self.small(seen)])
        assert not may_fit(both, *pair(0, 1), Lyings.as_wholes(np.zeros(1, int)))[0]
