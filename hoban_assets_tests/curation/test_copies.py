"""The engine `copies`: what is a copy, what is only the same room, and nothing by chance."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from hoban_assets.curation.copies import candidates, crops
from hoban_assets.curation.copies.reading import sketches_of
from hoban_assets.curation.copies.search import CopyGraph, copy_graph, find_copies
from hoban_assets.curation.copies.sketch import LENGTH, sketch, unpacked
from hoban_assets.curation.copies.turns import AFTER, INVERSE, TURNS, turned, turned_points
from hoban_assets.curation.engines import BLIND, FLOORS, blindness, refuse_below
from hoban_assets.curation.features import COPIES_INFO, FeatureStore, engine_key
from hoban_assets.curation.graphs import keep_best
from hoban_assets.curation.packed_boxes import turned_picture
from hoban_assets.errors import HobanError
from hoban_assets.settings import FEATURE_ENGINES


def scene(seed: int, height: int = 480, width: int = 640) -> np.ndarray:
    """A room with furniture: soft light and many things of sharp edges."""
    rng = np.random.default_rng(seed)
    light = rng.integers(60, 190, (4, 5, 3), np.uint8)
    picture = cv2.resize(light, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(70):
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        size = int(rng.integers(12, 70))
        colour = [int(c) for c in rng.integers(15, 200, 3)]
        if rng.random() < 0.5:
            cv2.rectangle(picture, (x, y), (x + size, y + size // 2), colour, -1)
        else:
            cv2.circle(picture, (x, y), size // 2, colour, -1)
    return picture


def person(picture: np.ndarray, x: int, y: int = 200) -> np.ndarray:
    seen = picture.copy()
    cv2.ellipse(seen, (x, y + 80), (28, 75), 0, 0, 360, (40, 60, 200), -1)
    cv2.circle(seen, (x, y - 10), 20, (150, 180, 220), -1)
    return seen


def jpeg(picture: np.ndarray, quality: int = 35) -> np.ndarray:
    data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(data, cv2.IMREAD_COLOR)


def row(picture: np.ndarray) -> np.ndarray:
    return sketch(cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_BGR2GRAY))


CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "mirrored": lambda p: p[:, ::-1],
    "upside down": lambda p: p[::-1],
    "a quarter turn": lambda p: np.rot90(p),
    "three quarter turns": lambda p: np.rot90(p, 3),
    "mirrored and turned": lambda p: np.rot90(p[:, ::-1]),
    "cropped to 80 %": lambda p: p[96:, :512],
    "cropped to 80 % of the middle": lambda p: p[48:432, 64:576],
    "cropped to 90 % and turned": lambda p: np.rot90(p[20:452, 30:606]),
    "recompressed": jpeg,
    "brighter": lambda p: cv2.convertScaleAbs(p, alpha=1.1, beta=30),
    "darker": lambda p: cv2.convertScaleAbs(p, alpha=0.6),
    "half the size": lambda p: cv2.resize(p, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
    "stretched": lambda p: cv2.resize(p, (640, 640), interpolation=cv2.INTER_AREA),
    "all at once": lambda p: jpeg(cv2.convertScaleAbs(p[:384, 128:][::-1], alpha=0.8, beta=10), 50),
}


@pytest.fixture(scope="module")
def room() -> np.ndarray:
    """Sketches: a scene, its changes in the order of CHANGES, six other scenes."""
    first = scene(1)
    pictures = [first, *(change(first) for change in CHANGES.values())]
    return np.stack([row(p) for p in [*pictures, *(scene(seed) for seed in range(2, 8))]])


class TestCopies:
    @pytest.mark.parametrize("change", CHANGES)
    def test_a_changed_picture_alone_among_others_is_found(
        self, room: np.ndarray, change: str
    ) -> None:
        at = 1 + list(CHANGES).index(change)
        found = find_copies(np.concatenate([room[[0, at]], room[1 + len(CHANGES) :]]))
        assert [(i, j) for i, j in zip(found.i, found.j, strict=True)] == [(0, 1)]
        assert found.similarity[0] >= 0.9

    def test_of_a_large_family_every_pair_is_found(self, room: np.ndarray) -> None:
        found = copy_graph(room)
        family = np.arange(1 + len(CHANGES))
        pairs = {
            (int(i), int(j))
            for block in found.between(np.array([0]), family, 0.9)
            for i, j in zip(block.i, block.j, strict=True)
        }
        assert pairs == {(0, int(j)) for j in family[1:]}

    @pytest.mark.parametrize("turn", TURNS)
    def test_names_the_turn_that_brings_one_picture_onto_the_other(self, turn: int) -> None:
        square = cv2.cvtColor(scene(3, 512, 512), cv2.COLOR_BGR2GRAY)
        other = np.ascontiguousarray(turned(square, turn))
        found = find_copies(np.stack([sketch(square), sketch(other)]))
        assert found.turn.tolist() == ([turn] if turn else [0])

    def test_a_person_who_moved_in_the_same_room_is_no_copy(self) -> None:
        empty = scene(5)
        frames = [person(empty, x) for x in range(80, 600, 130)]
        found = find_copies(np.stack([row(jpeg(frame, 80)) for frame in [empty, *frames]]))
        assert not (found.similarity >= 0.9).any()

    def test_a_crop_of_one_frame_is_a_copy_of_that_frame_only(self) -> None:
        frames = [person(scene(5), x) for x in range(100, 600, 100)]
        crop = frames[3][:400, 60:]
        found = find_copies(np.stack([row(jpeg(f, 80)) for f in [*frames, crop]]))
        high = found.similarity >= 0.9
        assert list(zip(found.i[high], found.j[high], strict=True)) == [(3, len(frames))]

    def test_pictures_without_anything_are_copies_only_of_the_very_same(self) -> None:
        grey = np.full((300, 400), 90, np.uint8)
        graph = copy_graph(np.stack([sketch(grey), sketch(grey + 80), sketch(grey)]))
        [block] = graph.between(np.arange(3), np.arange(3), 0.9)
        assert sorted(zip(block.i.tolist(), block.j.tolist(), strict=True)) == [(0, 2), (2, 0)]

    def test_dim_pictures_of_different_things_are_no_copies(self) -> None:
        dim = [cv2.convertScaleAbs(scene(seed), alpha=0.06) for seed in range(6)]
        assert not len(find_copies(np.stack([row(p) for p in dim])).i)


class TestNothingIsByChance:
    def test_order_and_threads_do_not_matter(self, room: np.ndarray) -> None:
        def pairs(graph: CopyGraph, names: np.ndarray) -> set[tuple[int, int, float]]:
            everything = np.arange(graph.size)
            return {
                (int(names[i]), int(names[j]), float(s))
                for block in graph.between(everything, everything, 0.5)
                for i, j, s in zip(*block, strict=True)
            }

        some = room[::2]
        order = np.random.default_rng(0).permutation(len(some))
        once = pairs(copy_graph(some), np.arange(len(some)))
        again = pairs(copy_graph(some[order], workers=3), order)
        assert once == again and len(once) > 40

    def test_nothing_and_one_picture_have_no_copies(self) -> None:
        for rows in (np.empty((0, LENGTH), np.uint8), row(scene(1))[None]):
            graph = copy_graph(rows)
            assert graph.size == len(rows)
            assert not list(graph.between(np.arange(len(rows)), np.arange(len(rows)), 0.9))

    def test_many_files_of_one_sketch_are_never_listed(self) -> None:
        many = np.repeat(np.stack([row(scene(1)), row(scene(2))]), 500, axis=0)
        kept, witness = keep_best(copy_graph(many), np.arange(1000), 0.9)
        assert np.flatnonzero(kept).tolist() == [0, 500]
        assert set(witness[~kept].tolist()) == {0, 500}

    def test_a_fixed_camera_has_few_candidates(self) -> None:
        rng = np.random.default_rng(0)
        empty = scene(7)
        frames = [
            cv2.add(empty, rng.integers(0, 6, empty.shape, dtype=np.uint8)) for _ in range(45)
        ]
        found = candidates.candidates(unpacked(np.stack([row(frame) for frame in frames])))
        assert len(found.i) <= (candidates.BEST + crops.BEST) * len(frames)

    def test_asked_below_what_is_known_it_refuses(self, room: np.ndarray) -> None:
        graph = copy_graph(room[:2])
        with pytest.raises(ValueError, match=r"known from 0\.5 on"):
            next(graph.between(np.arange(2), np.arange(2), 0.3))


def test_low_frequencies_are_those_of_the_whole_picture() -> None:
    soft = cv2.resize(np.random.default_rng(0).integers(0, 255, (3, 3), np.uint8), (64, 64))
    corner = soft.copy()
    corner[:8, :8] = 128
    one, other = candidates._frequencies(np.stack([soft, corner]), 0)
    assert one @ one == pytest.approx(1, abs=1e-5)
    assert 0.9 < one @ other < 0.9999


class TestTurns:
    def test_are_a_group(self) -> None:
        picture = np.arange(25).reshape(5, 5)
        for one in TURNS:
            np.testing.assert_array_equal(turned(turned(picture, one), INVERSE[one]), picture)
            for two in TURNS:
                both = turned(turned(picture, one), two)
                np.testing.assert_array_equal(both, turned(picture, AFTER[one, two]))

    @pytest.mark.parametrize("turn", TURNS)
    def test_points_go_with_the_picture(self, turn: int) -> None:
        picture = np.zeros((9, 9), int)
        picture[2, 6] = 1
        [[y, x]] = np.argwhere(turned(picture, turn))
        assert turned_points(np.array([6, 2]), turn, 8).tolist() == [x, y]


class TestReading:
    def test_files_of_any_kind_and_name(self, tmp_path: Path) -> None:
        picture = scene(1)
        names = ["가 [1].jpg", "large.png", "small.png"]
        sizes = [(640, 480), (1600, 1200), (120, 90)]
        for name, size in zip(names, sizes, strict=True):
            data = cv2.imencode(Path(name).suffix, cv2.resize(picture, size))[1]
            (tmp_path / name).write_bytes(data.tobytes())
        whole = (tmp_path / names[0]).read_bytes()
        (tmp_path / "no end.jpg").write_bytes(whole[:-2])
        names.append("no end.jpg")
        rows = sketches_of([tmp_path / name for name in names], workers=2)
        assert rows.shape == (4, LENGTH) and rows.dtype == np.uint8
        np.testing.assert_array_equal(rows[0], rows[3])
        found = find_copies(rows[:2])
        assert found.similarity.min() > 0.97

    def test_names_a_file_that_does_not_decode(self, tmp_path: Path) -> None:
        (tmp_path / "bad.jpg").write_text("no image")
        with pytest.raises(ValueError, match=r"bad\.jpg does not decode"):
            sketches_of([tmp_path / "bad.jpg"], 1)

    def test_sketches_are_kept_as_they_are(self, tmp_path: Path, room: np.ndarray) -> None:
        store = FeatureStore(tmp_path, engine_key(COPIES_INFO))
        store.add(["a", "b"], room[:2], COPIES_INFO)
        again = FeatureStore(tmp_path, engine_key(COPIES_INFO)).load(["b", "a"])
        assert again.dtype == np.uint8
        np.testing.assert_array_equal(again, room[[1, 0]])


def test_every_engine_says_what_it_cannot_see() -> None:
    assert set(BLIND) == set(FEATURE_ENGINES)
    assert "cropped" in blindness("thumbnail-1-grey-24x24-area-zncc")
    assert blindness("copies-1-x").startswith("copies finds")
    assert blindness("") == ""


@pytest.mark.parametrize("turn", TURNS)
def test_the_graph_says_how_a_copy_lies_on_its_original(turn: int) -> None:
    picture = scene(3)[:, :480]
    graph = copy_graph(
        np.stack(
            [
                row(picture),
                row(np.moveaxis(turned_picture(np.moveaxis(picture, -1, 0), turn), 0, -1)),
            ]
        )
    )
    turns = graph.turns(np.array([0, 1, 0]), np.array([1, 0, 0]))
    small = np.arange(9).reshape(3, 3)
    forth, back = (int(np.log2(bit)) for bit in turns[:2])
    wanted = turned_picture(small, turn)
    assert np.array_equal(turned_picture(small, forth), wanted)
    assert np.array_equal(turned_picture(turned_picture(small, forth), back), small)
    assert turns[2] == 1


def test_a_threshold_below_what_an_engine_knows_is_refused_with_a_way_out() -> None:
    name = engine_key(COPIES_INFO)
    refuse_below(name, FLOORS["copies"])
    refuse_below("fastdup-2-x", 0.1)
    with pytest.raises(HobanError, match=r"copies.*from 0\.5 on.*0\.45"):
        refuse_below(name, 0.45)
    with pytest.raises(HobanError, match="HOBAN_FEATURE_ENGINE"):
        refuse_below("own-1-x", 0.6, known_from=0.7)
