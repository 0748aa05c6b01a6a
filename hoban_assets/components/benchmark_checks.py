"""Datasets and benchmarks are compared whichever of them is built later."""

from __future__ import annotations

from collections.abc import Callable

from hoban_assets.asset_names import BENCHMARK, DATASET
from hoban_assets.catalog.answers import asking
from hoban_assets.catalog.store import Catalog
from hoban_assets.curation.benchmarks import Overlap, no_benchmark_inside, overlaps
from hoban_assets.curation.checks import Check
from hoban_assets.language import Say
from hoban_assets.pipeline.features import FeatureExtractor, similarity_of
from hoban_assets.samples import Samples

SIMILARITY = 0.9
"""From which a picture is a near-copy: the threshold of the recipes."""
Log = Callable[[str], None]


def built(catalog: Catalog, kind: str, partition: str) -> list[str]:
    """Return the current assets of a kind that have rows."""
    if not catalog.path.exists():
        return []
    with asking(catalog.path, catalog.deadline) as ask:
        rows = ask(
            "SELECT asset FROM store.materializations JOIN store.current "
            "USING (materialization_id, asset, kind, partition) "
            "WHERE images > 0 AND partition = ? AND kind = ? ORDER BY asset",
            [partition, kind],
        )
    return [row["asset"] for row in rows]


def dataset_is_apart(
    catalog: Catalog,
    partition: str,
    rows: Samples,
    extract: FeatureExtractor,
    log: Callable[[str], None],
    say: Say,
) -> Check:
    """Check a dataset that is being built against every benchmark."""
    found = {
        name: _shared(rows, catalog.load(name, partition), extract, log)
        for name in built(catalog, BENCHMARK, partition)
    }
    return no_benchmark_inside(found, extract.engine if found else "", say)


def benchmark_is_apart(
    catalog: Catalog,
    partition: str,
    rows: Samples,
    extract: FeatureExtractor,
    log: Callable[[str], None],
    say: Say,
) -> Check:
    """Check a benchmark that is being built against every dataset."""
    found = {
        name: _shared(catalog.load(name, partition), rows, extract, log)
        for name in built(catalog, DATASET, partition)
    }
    return no_benchmark_inside(found, extract.engine if found else "", say)


def _shared(
    dataset: Samples, benchmark: Samples, extract: FeatureExtractor, log: Log
) -> list[Overlap]:
    if found := overlaps(dataset, benchmark, None, SIMILARITY):
        return found  # enough to stop, and no picture was looked at
    both = Samples.concat([dataset.without_decisions(), benchmark.without_decisions()])
    similar = similarity_of(extract, both, SIMILARITY, log)
    return overlaps(dataset, benchmark, similar, SIMILARITY)
