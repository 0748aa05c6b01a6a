"""Two similar pictures are duplicates only where their labels tell of one event."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from hoban_assets.classes import CLASS_IDS
from hoban_assets.curation import same_event as labels_of_events
from hoban_assets.curation.duplicates import certificate, deduplicate
from hoban_assets.curation.events import EventGraph, duplicates_among
from hoban_assets.curation.lying_pictures import Look, PicturesLying
from hoban_assets.curation.packed_boxes import TURNS, turned, turned_picture
from hoban_assets.curation.same_event import SameEvent
from hoban_assets.curation.similarity import FeatureGraph, similarity_graph
from hoban_assets.samples import Samples

Box = tuple[str, float, float, float, float]
WORKER: Box = ("person", 0.2, 0.3, 0.1, 0.3)
OTHER: Box = ("person", 0.7, 0.6, 0.12, 0.28)
HEAD: Box = ("person_with_helmet", 0.2, 0.18, 0.04, 0.05)


def ignored(box: Box) -> tuple[str, float, float, float, float, bool]:
    return (*box, True)


def moved(box: Box, by: float) -> Box:
    return (box[0], box[1] + by * box[3], *box[2:])


def scene(*images: list[tuple], source: str = "site") -> Samples:  # type: ignore[type-arg]
    """Images 0, 1, ... with these boxes; those named 'empty' by None come from a background."""
    names = [f"{'empty' if boxes is None else source}/{k}.jpg" for k, boxes in enumerate(images)]
    rows = [(n, *b) for n, boxes in zip(names, images, strict=True) for b in boxes or []]
    columns = ["image_id", "class_name", "x_center", "y_center", "width", "height"]
    table = {c: [r[k] for r in rows] for k, c in enumerate(columns)}
    table["class_id"] = [CLASS_IDS[r[1]] for r in rows]
    table["ignore"] = [len(r) > 6 for r in rows]
    pictures = {"image_id": names, "file": names, "source": [n.split("/")[0] for n in names]}
    return Samples.of(pictures, table)


def agree(  # type: ignore[type-arg]
    first: list[tuple] | None,
    second: list[tuple] | None,
    turn: int | None = None,
    pictures: list[np.ndarray] | None = None,
) -> bool:
    """`turn`: the second picture is the first one, turned. None: nobody looks at the pictures."""
    if turn is not None:
        pictures = [ROOM, turned_picture(ROOM, turn)]
    look = None if pictures is None else PicturesLying(shown(pictures), 2)
    same_event = SameEvent(scene(first, second), frozenset({"empty"}), look)  # type: ignore[arg-type]
    one, other = np.array([0]), np.array([1])
    forth, back = same_event(one, other)[0], same_event(other, one)[0]
    assert forth == back
    return bool(forth)


ROOM = np.random.default_rng(8).integers(0, 256, (64, 64)).astype(np.uint8)


def shown(pictures: list[np.ndarray]) -> Look:
    return lambda positions: np.stack(pictures)[positions]


def turned_boxes(boxes: list[Box], turn: int) -> list[Box]:
    found = []
    for name, x, y, w, h in boxes:
        left, top, right, bottom = turned(
            np.array([x - w / 2, y - h / 2, x + w / 2, y + h / 2]), turn
        )
        found.append((name, (left + right) / 2, (top + bottom) / 2, right - left, bottom - top))
    return found


class TestOneEvent:
    def test_labels_that_moved_a_little(self) -> None:
        assert agree([WORKER, OTHER], [moved(OTHER, 0.3), moved(WORKER, -0.3)])
        assert not agree([WORKER, OTHER], [OTHER, moved(WORKER, 0.4)])

    def test_an_overlap_of_one_half_counts(self) -> None:
        assert agree([("fallen", 0.5, 0.5, 0.4, 0.2)], [("fallen", 0.5, 0.5, 0.2, 0.2)])
        assert not agree([("fallen", 0.5, 0.5, 0.4, 0.2)], [("fallen", 0.5, 0.5, 0.199, 0.2)])

    @pytest.mark.parametrize("turn", range(TURNS))
    def test_labels_of_a_flipped_or_turned_picture(self, turn: int) -> None:
        boxes = [WORKER, OTHER, HEAD]
        assert agree(boxes, turned_boxes(boxes, turn), turn)
        assert not agree(boxes, turned_boxes([WORKER, HEAD], turn), turn)

    @pytest.mark.parametrize("turn", range(1, TURNS))
    def test_a_flip_of_the_labels_alone_is_another_person(self, turn: int) -> None:
        boxes = [WORKER, OTHER, HEAD]
        assert not agree(boxes, turned_boxes(boxes, turn), turn=0)
        assert not agree(boxes, turned_boxes(boxes, turn))  # nobody looks: as it is
        assert not agree(boxes, boxes, turn)  # the same places in a turned picture

    def test_pictures_that_fit_in_no_way_are_taken_as_they_are(self) -> None:
        elsewhere = ROOM[::-1, ::2].repeat(2, axis=1)
        assert agree([WORKER], [WORKER], pictures=[ROOM, elsewhere])
        assert not agree([WORKER], turned_boxes([WORKER], 2), pictures=[ROOM, elsewhere])

    def test_a_room_that_looks_alike_mirrored_fits_in_both_ways(self) -> None:
        even = np.concatenate([ROOM[:, :32], ROOM[:, :32][:, ::-1]], axis=1)
        for turn in (0, 1):
            assert agree([WORKER], turned_boxes([WORKER], turn), pictures=[even, even])
        assert not agree([WORKER], turned_boxes([WORKER], 2), pictures=[even, even])

    def test_two_labels_flipped_each_its_own_way_are_no_flip_of_the_picture(self) -> None:
        both = [*turned_boxes([WORKER], 1), *turned_boxes([OTHER], 2)]
        assert not any(agree([WORKER, OTHER], both, turn) for turn in range(TURNS))

    def test_another_class_number_or_kind_of_object(self) -> None:
        assert not agree([WORKER], [("fallen", *WORKER[1:])])
        assert not agree([WORKER, HEAD], [WORKER])
        assert not agree([WORKER], [HEAD])

    def test_one_label_is_no_partner_of_two(self) -> None:
        assert not agree([WORKER, moved(WORKER, 0.1)], [WORKER, OTHER])
        assert agree([WORKER, moved(WORKER, 0.1)], [WORKER, moved(WORKER, 0.05)])

    def test_a_matching_is_found_where_the_best_overlap_first_would_miss_it(self) -> None:
        # b fits both; a fits only the first of them, whose best partner is b.
        a, b = moved(WORKER, 0.28), WORKER
        first, second = moved(WORKER, 0.02), moved(WORKER, -0.30)
        assert agree([a, b], [first, second])


class TestNoObject:
    def test_verified_backgrounds_are_alike(self) -> None:
        assert agree(None, None)

    def test_a_background_is_no_scene_with_an_object(self) -> None:
        assert not agree(None, [WORKER])

    def test_an_image_without_labels_that_is_no_background_is_like_nothing(self) -> None:
        assert not agree([], [])
        assert not agree([], None)
        assert not agree([ignored(WORKER)], [ignored(WORKER)])
        assert not agree([ignored(WORKER)], None)


class TestIgnoreRegions:
    def test_need_no_partner(self) -> None:
        assert agree([WORKER, ignored(OTHER)], [WORKER])

    def test_explain_a_label_that_lies_in_them(self) -> None:
        assert agree([WORKER, OTHER], [WORKER, ignored(OTHER)])
        crowd = ignored(("person", 0.7, 0.6, 0.5, 0.5))
        assert agree([WORKER, OTHER, moved(OTHER, 0.9)], [WORKER, crowd])
        assert not agree([WORKER, HEAD], [WORKER, crowd])

    def test_flip_with_the_picture(self) -> None:
        mirrored = turned_boxes([WORKER, OTHER], 1)
        assert agree([WORKER, OTHER], [mirrored[0], ignored(mirrored[1])], turn=1)
        assert not agree([WORKER, OTHER], [mirrored[0], ignored(turned_boxes([OTHER], 2)[0])], 1)

    def test_match_nothing_alone(self) -> None:
        assert not agree([WORKER], [ignored(WORKER)])


def iou(a: np.ndarray, b: np.ndarray) -> float:
    shared = np.prod(np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None))
    return float(shared / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - shared))


def by_hand(first: list[Box], second: list[Box], turn: int) -> bool:
    """Every way to pair the labels."""
    if len(first) != len(second):
        return False
    corners = [
        [np.array([x - w / 2, y - h / 2, x + w / 2, y + h / 2]) for _, x, y, w, h in boxes]
        for boxes in (first, second)
    ]
    return any(
        all(
            first[k][0] == second[m][0] and iou(turned(corners[0][k], turn), corners[1][m]) >= 0.5
            for k, m in enumerate(order)
        )
        for order in itertools.permutations(range(len(first)))
    )


def photographs() -> tuple[list[list[Box]], list[int]]:
    """60 pictures of one room, turned in every way, with some of six workers each."""
    draw = np.random.default_rng(5)
    names = ["person", "fallen"]
    base = [(names[draw.integers(2)], *draw.uniform(0.25, 0.75, 2), 0.3, 0.4) for _ in range(6)]
    images, turns = [], []
    for _ in range(60):
        boxes = [base[k] for k in draw.choice(6, draw.integers(1, 4), replace=False)]
        turns.append(int(draw.integers(TURNS)))
        moved_a_bit = [(n, x + draw.normal(0, 0.03), y, w, h) for n, x, y, w, h in boxes]
        images.append(turned_boxes(moved_a_bit, turns[-1]))
    return images, turns


def test_many_pairs_at_once_equal_a_search_by_hand() -> None:
    images, turns = photographs()
    pictures = [turned_picture(ROOM, t) for t in turns]
    between = [
        [next(t for t in range(TURNS) if (turned_picture(a, t) == b).all()) for b in pictures]
        for a in pictures
    ]
    same_event = SameEvent(scene(*images), lying=PicturesLying(shown(pictures), 60))
    i, j = np.triu_indices(60, 1)
    wanted = [by_hand(images[a], images[b], between[a][b]) for a, b in zip(i, j, strict=True)]
    assert same_event(i, j).tolist() == same_event(j, i).tolist() == wanted
    assert 30 < sum(wanted) < 700
    alone = SameEvent(scene(*images))(i, j)
    assert alone.tolist() == [by_hand(images[a], images[b], 0) for a, b in zip(i, j, strict=True)]


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_labels_choose_what_is_compared_and_lose_no_pair(
    share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    # always a product of all, or always single pairs
    monkeypatch.setattr(labels_of_events, "MANY", share)
    images, turns = photographs()
    images += [[*boxes, ignored(OTHER)] for boxes in images[:10]]
    pictures = [turned_picture(ROOM, t) for t in turns + turns[:10]]
    samples = scene(*images, None, None, [])
    pictures += [ROOM] * 3
    n = len(pictures)
    features = np.tile(np.eye(2, dtype=np.float32), (n, 1))[:n]  # two rooms
    same_event = SameEvent(samples, frozenset({"empty"}), PicturesLying(shown(pictures), n))
    graph = EventGraph(FeatureGraph(features), same_event)
    everyone = np.arange(n)
    found = [
        p
        for block in graph.between(everyone[::-1], everyone, 0.9)
        for p in zip(*block[:2], strict=True)
    ]
    i, j = (k.ravel() for k in np.indices((n, n)))
    wanted = (i != j) & (i % 2 == j % 2) & same_event(i, j)
    assert sorted(found) == list(zip(i[wanted], j[wanted], strict=True)) and len(found) > 60


@pytest.mark.parametrize("turn", range(TURNS))
def test_boxes_and_pictures_turn_alike(turn: int) -> None:
    picture = np.zeros((10, 10))
    picture[2:4, 5:9] = 1
    left, top, right, bottom = np.round(turned(np.array([0.5, 0.2, 0.9, 0.4]), turn) * 10)
    rows, columns = np.nonzero(turned_picture(picture, turn))
    assert (columns.min(), rows.min()) == (left, top)
    assert (columns.max() + 1, rows.max() + 1) == (right, bottom)


class TestARoom:
    """One fixed camera: every picture is like every other."""

    def features(self, n: int) -> np.ndarray:
        rows = np.ones(16) + 0.05 * np.random.default_rng(0).standard_normal((n, 16))
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    def test_keeps_every_event_once_and_every_kind_of_empty_scene(self) -> None:
        samples = scene([WORKER], None, [OTHER], [moved(WORKER, 0.1)], None, [WORKER, OTHER])
        graph = EventGraph(FeatureGraph(self.features(6)), SameEvent(samples, frozenset({"empty"})))
        after = deduplicate(samples, graph, 0.9)
        kept = {int(i.split("/")[1][0]) for i in after.images.image_id}
        assert len(kept) == 4 and {2, 5} <= kept
        assert len(kept & {0, 3}) == 1 and len(kept & {1, 4}) == 1
        proof = certificate(samples, after, graph, 0.9)
        assert proof.holds and proof.largest_component == 2
        everyone = certificate(samples, samples, graph, 0.9)
        assert (everyone.residual_pairs, everyone.holds) == (2, False)

    def test_long_and_short_lists_give_the_same(self) -> None:
        draw = np.random.default_rng(1)
        images = [[("person", draw.uniform(0.2, 0.8), 0.5, 0.2, 0.3)] for _ in range(300)]
        samples, features = scene(*images), self.features(300)
        kept = []
        for short, threshold in ((0, None), (0, 0.9), (10**6, 0.9)):
            pictures = similarity_graph(features, 0.85, short=short)
            graph = duplicates_among(samples, pictures, "event", threshold=threshold)
            after = deduplicate(samples, graph, 0.9)
            assert certificate(samples, after, graph, 0.9).holds
            kept.append(after.decisions[["image_id", "witness", "value"]])
        assert kept[0].equals(kept[1]) and kept[0].equals(kept[2]) and 2 < 300 - len(kept[0]) < 12
