"""A search in tasks finds what one search finds, whatever the blocks and whoever runs the tasks."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from hoban_assets.curation import graphs
from hoban_assets.curation.block_pairs import (
    Executor,
    block,
    in_turn,
    pairs_of,
    placed,
    search,
    tasks,
)
from hoban_assets.curation.components import components
from hoban_assets.curation.cosine import Pairs, doubt
from hoban_assets.curation.feature_graph import FeatureGraph
from hoban_assets.curation.similarity import PairList, similarity_graph
from hoban_assets.errors import HobanError
from hoban_assets.on_ray import pairs as on_ray

THRESHOLD, ROWS, ANY_NUMBER = 0.9, 32, 10**9


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def clusters(n: int = 150, d: int = 24) -> np.ndarray:
    draw = np.random.default_rng(n)
    centres = draw.standard_normal((n // 5, d))
    return unit(centres[draw.integers(len(centres), size=n)] + 0.2 * draw.standard_normal((n, d)))


def at_the_edge(n: int = 100) -> np.ndarray:
    """Pairs whose cosine is the threshold, or one unit of float32 beside it."""
    angle = np.arccos(THRESHOLD + np.linspace(-2e-7, 2e-7, n))
    rows = np.zeros((2 * n, 2 + n), np.float64)
    for k in range(n):  # each pair in a plane of its own
        rows[2 * k, k] = 1
        rows[2 * k + 1, [k, n]] = np.cos(angle[k]), np.sin(angle[k]) / 2**0.5
        rows[2 * k + 1, n + 1] = np.sin(angle[k]) / 2**0.5
    return unit(rows[:, : n + 2])[np.random.default_rng(0).permutation(2 * n)]


HOSTILE: dict[str, Callable[[], np.ndarray]] = {
    "clusters": clusters,
    "at the threshold": at_the_edge,
    "equal blocks": lambda: np.tile(clusters(ROWS), (4, 1)),
    "all the same": lambda: np.tile(clusters(5)[:1], (70, 1)),
    "opposite": lambda: unit(np.array([[1, 0], [-1, 0]] * 40)),
    "nothing alike": lambda: unit(np.eye(90)),
    "one more than a block": lambda: clusters(ROWS + 1),
    "exactly a block": lambda: clusters(ROWS),
    "one": lambda: clusters(10)[:1],
    "none": lambda: clusters(10)[:0],
    "not quite of length 1": lambda: clusters() * np.float32(1.00009),
}


def by_hand(features: np.ndarray) -> list[tuple[int, int]]:
    rows = features.astype(np.float64)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    near = np.triu(np.round(rows @ rows.T, 9) >= THRESHOLD, 1)
    return list(zip(*(side.tolist() for side in np.nonzero(near)), strict=True))


def listed(pairs: Pairs | None) -> list[tuple[int, int]]:
    assert pairs is not None
    return list(zip(pairs.i.tolist(), pairs.j.tolist(), strict=True))


def in_any_order(
    features: np.ndarray, threshold: float, most: int, progress: object = None
) -> Iterator[Pairs]:
    """As a cluster answers."""
    order = tasks(len(features), ROWS)
    random.Random(len(features)).shuffle(order)
    for upper, lower in order:
        other = None if upper == lower else block(features, lower, ROWS)
        found = pairs_of(block(features, upper, ROWS), other, threshold, most)
        yield placed(found, (upper, lower), ROWS)


@pytest.fixture
def by_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Executor:
    """The search of a cluster, whose tasks this process answers."""
    monkeypatch.setattr(on_ray, "spread", map)

    def run(
        features: np.ndarray, threshold: float, most: int, progress: object = None
    ) -> Iterator[Pairs]:
        folder = on_ray.prepare(features, threshold, most, tmp_path, ROWS)
        on_ray.run(folder, lambda text: None)
        yield from on_ray.answers(folder)

    return run


@pytest.mark.parametrize("kind", HOSTILE)
def test_equals_a_search_by_hand(kind: str, by_files: Executor) -> None:
    features = HOSTILE[kind]()
    wanted = by_hand(features)
    whole = search(features, THRESHOLD, ANY_NUMBER)
    for executor in (partial(in_turn, rows=ROWS), in_any_order, by_files):
        found = search(features, THRESHOLD, ANY_NUMBER, executor=executor)
        assert listed(found) == listed(whole) == wanted
        assert found is not None and whole is not None
        rounding = 2 * doubt(features.shape[1])
        np.testing.assert_allclose(found.similarity, whole.similarity, atol=rounding, rtol=0)


@pytest.mark.parametrize("kind", ["clusters", "at the threshold", "equal blocks", "opposite"])
def test_what_is_read_off_does_not_depend_on_who_searched(kind: str, by_files: Executor) -> None:
    features = HOSTILE[kind]()
    order = np.random.default_rng(5).permutation(len(features))
    products = FeatureGraph(features)  # never listed: compared block by block
    kept, witness = graphs.keep_best(products, order, THRESHOLD)
    some = order[: len(order) // 2]
    few = kept & (np.arange(len(kept)) % 3 > 0)  # leaves something uncovered
    assert 0 < kept.sum() < len(kept)
    for executor in (in_turn, by_files):
        graph = similarity_graph(features, THRESHOLD, executor=executor)
        assert isinstance(graph, PairList)
        for found, wanted in (
            (graphs.keep_best(graph, order, THRESHOLD), (kept, witness)),
            (components(graph, some, THRESHOLD), components(products, some, THRESHOLD)),
            *(
                (
                    graphs.nearest_kept(graph, who, order, THRESHOLD),
                    graphs.nearest_kept(products, who, order, THRESHOLD),
                )
                for who in (kept, few, ~kept)
            ),
        ):
            np.testing.assert_array_equal(found, wanted)
        for who in (kept, few, ~kept):
            seen = graphs.survey(graph, who, THRESHOLD)
            assert seen == graphs.survey(products, who, THRESHOLD)
        assert graphs.survey(graph, few, THRESHOLD).uncovered > 0


def test_ends_early_where_there_are_too_many(by_files: Executor) -> None:
    same = HOSTILE["all the same"]()
    for executor in (partial(in_turn, rows=ROWS), in_any_order, by_files):
        assert search(same, THRESHOLD, 100, executor=executor) is None


def test_a_search_goes_on_with_what_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[on_ray.Question] = []

    def ends_after(count: int) -> Callable[..., Iterator[int]]:
        def spread(function: Callable[..., int], questions: list[on_ray.Question]) -> Iterator[int]:
            for question in questions[:count]:
                asked.append(question)
                yield function(question)
            if count < len(questions):
                raise KeyboardInterrupt

        return spread

    features = clusters(5 * ROWS)
    folder = on_ray.prepare(features, THRESHOLD, ANY_NUMBER, tmp_path, ROWS)
    monkeypatch.setattr(on_ray, "spread", ends_after(3))
    with pytest.raises(KeyboardInterrupt):
        on_ray.run(folder, lambda text: None)
    monkeypatch.setattr(on_ray, "spread", ends_after(100))
    assert on_ray.prepare(features, THRESHOLD, ANY_NUMBER, tmp_path, ROWS) == folder
    on_ray.run(folder, lambda text: None)
    assert len(asked) == len(set(asked)) == len(tasks(5 * ROWS, ROWS)) == 15
    found = search(features, THRESHOLD, ANY_NUMBER, executor=lambda *_: on_ray.answers(folder))
    assert listed(found) == by_hand(features)


@pytest.mark.parametrize("kind", ["npy", "npz"])
def test_a_damaged_file_is_named(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_ray, "spread", map)
    folder = on_ray.prepare(clusters(), THRESHOLD, ANY_NUMBER, tmp_path, ROWS)
    if kind == "npz":
        on_ray.run(folder, lambda text: None)
    first = sorted(folder.glob(f"*.{kind}"))[0]
    first.write_bytes(first.read_bytes()[:-30])
    with pytest.raises(HobanError, match=first.name):
        on_ray.run(folder, lambda text: None)
        list(on_ray.answers(folder))


def test_a_node_without_the_drive_says_so(tmp_path: Path) -> None:
    folder = on_ray.prepare(clusters(), THRESHOLD, ANY_NUMBER, tmp_path, ROWS)
    question = on_ray.Question(str(folder), "a", None, THRESHOLD, ANY_NUMBER)
    with pytest.raises(HobanError, match="missing or damaged"):
        on_ray.answer(question)
    with pytest.raises(HobanError, match="does not see"):
        on_ray.answer(question._replace(folder=str(tmp_path / "elsewhere")))
