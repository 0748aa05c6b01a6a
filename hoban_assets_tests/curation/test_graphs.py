"""Graphs that are asked in parts answer as a list of all pairs would."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from scipy.sparse import csgraph

from hoban_assets.curation import graphs, similarity
from hoban_assets.curation.components import components, links
from hoban_assets.curation.graphs import closest, keep_best, survey
from hoban_assets.curation.similarity import (
    FeatureGraph,
    PairList,
    Pairs,
    SimilarityGraph,
    similar_pairs,
    similarity_graph,
    within,
)

FLOOR, THRESHOLD = 0.7, 0.9


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def rooms(n: int = 160, seed: int = 0) -> np.ndarray:
    """A dense group of a third, clusters, chains between them, copies."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((n // 6, 12))
    rows = centres[rng.integers(len(centres), size=n)] + 0.3 * rng.standard_normal((n, 12))
    rows[: n // 3] = centres[0] + 0.1 * rng.standard_normal((n // 3, 12))
    rows[:5] = rows[n // 2 : n // 2 + 5]
    return unit(rows[rng.permutation(n)])


def of_every_kind(features: np.ndarray) -> dict[str, SimilarityGraph]:
    listed = similar_pairs(features, FLOOR)
    return {
        "features": FeatureGraph(features),
        "small blocks": FeatureGraph(features, block=7),
        "searched": similarity_graph(features, FLOOR),
        "too many to list": similarity_graph(features, FLOOR, short=10),
        "proved": PairList(len(features), Pairs(listed.j, listed.i, listed.similarity), FLOOR),
    }


def greedy_by_hand(near: np.ndarray, order: np.ndarray) -> list[int]:
    witness: dict[int, int] = {}
    kept: list[int] = []
    for image in order.tolist():
        mine = [k for k in kept if near[k, image]]
        if mine:
            witness[image] = mine[0]
        else:
            kept.append(image)
    return [witness.get(image, -1) for image in range(len(order))]


@pytest.fixture(params=[16, 2048])
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    for module in (graphs, similarity):
        monkeypatch.setattr(module, "BLOCK", request.param)
    return int(request.param)


@pytest.mark.parametrize("threshold", [FLOOR, THRESHOLD])
@pytest.mark.usefixtures("block")
def test_every_kind_of_graph_in_blocks_of_any_size_reads_alike(threshold: float) -> None:
    features = rooms()
    n = len(features)
    exact = np.round(features.astype(np.float64) @ features.T.astype(np.float64), 6)
    near = (exact >= threshold) & ~np.eye(n, dtype=bool)
    order = np.random.default_rng(1).permutation(n)
    parts = csgraph.connected_components(sparse.csr_array(near))[1]
    for kind, graph in of_every_kind(features).items():
        kept, witness = keep_best(graph, order, threshold)
        assert witness.tolist() == greedy_by_hand(near, order), kind
        seen = survey(graph, kept, threshold)
        assert (seen.residual, seen.uncovered) == (0, 0), kind
        some = kept & (order % 2 == 0)  # leave out half of what is kept, keep what is not
        lonely = survey(graph, some, threshold)
        assert lonely.uncovered == (~some & ~near[:, some].any(axis=1)).sum() > 0, kind
        assert survey(graph, ~kept, threshold).residual == near[~kept][:, ~kept].sum() // 2, kind
        assert seen.largest_component == np.bincount(parts).max(), kind
        assert 0 < kept.sum() < n


@pytest.mark.usefixtures("block")
def test_components_are_those_of_the_images_asked_for_only() -> None:
    features = rooms(seed=3)
    chosen = np.random.default_rng(2).permutation(len(features))[:90]
    near = similar_pairs(features[chosen], THRESHOLD)
    matrix = sparse.coo_array((near.similarity, (near.i, near.j)), shape=(90, 90))
    wanted = csgraph.connected_components(matrix, directed=False)[1]
    for kind, graph in of_every_kind(features).items():
        found = components(graph, chosen, THRESHOLD)
        assert np.array_equal(np.unique(found, return_inverse=True)[1], wanted), kind
        assert np.array_equal(found[found], found), kind
        one, other = links(found)
        joined = sparse.coo_array((np.ones(len(one)), (one, other)), shape=(90, 90))
        assert csgraph.connected_components(joined, directed=False)[0] == wanted.max() + 1
        assert len(one) == 90 - (wanted.max() + 1), kind


def test_the_closest_over_two_sets_is_found_or_nothing() -> None:
    features = rooms(seed=4)
    even, odd = np.arange(0, 160, 2), np.arange(1, 160, 2)
    highest = (features[even] @ features[odd].T).max()
    for kind, graph in of_every_kind(features).items():
        assert closest(graph, even, odd, THRESHOLD) == pytest.approx(highest, abs=1e-6), kind
    apart = unit(np.eye(4))
    assert closest(FeatureGraph(apart), np.arange(2), np.arange(2, 4), 0.5) == 0


def test_a_dense_group_is_compared_once_and_never_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphs, "BLOCK", 16)
    compared: list[int] = []

    class Counting(FeatureGraph):
        def between(self, rows, columns, threshold):  # type: ignore[no-untyped-def]
            compared.append(len(rows) * len(columns))
            yield from super().between(rows, columns, threshold)

    n = 1000
    graph = Counting(unit(np.ones(8) + 0.05 * np.random.default_rng(0).standard_normal((n, 8))))
    kept, _ = keep_best(graph, np.arange(n), THRESHOLD)
    assert kept.sum() == 1 and sum(compared) < 10 * n + 16 * n
    compared.clear()
    assert components(graph, np.arange(n), THRESHOLD).max() == 0
    assert sum(compared) < 2 * 16 * n


def test_a_list_is_not_asked_below_what_it_knows() -> None:
    pairs = Pairs(np.array([0]), np.array([1]), np.array([0.9], np.float32))
    graph = PairList(3, pairs, 0.8)
    assert [p.i.tolist() for p in within(graph, np.arange(3), 0.9)] == [[0]]
    assert graph.similarity(np.array([1, 0]), np.array([0, 2])).tolist() == [0.9, 0.0]
    with pytest.raises(ValueError, match=r"known from 0\.8"):
        list(graph.between(np.arange(3), np.arange(3), 0.5))
