"""Datasets and benchmarks are compared whichever of them is built later."""

from __future__ import annotations

from collections.abc import Callable

from hoban_assets.asset_names import BENCHMARK
from hoban_assets.catalog.answers import asking
from hoban_assets.catalog.store import Catalog
from hoban_assets.curation.benchmarks import Overlap, no_benchmark_inside, overlaps
from hoban_assets.curation.checks import Check
from hoban_assets.language import plain
from hoban_assets.pipeline.features import FeatureExtractor, similarity_of
from hoban_assets.samples import Samples
from hoban_assets.settings import SIMILAR

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


def is_apart(
    catalog: Catalog,
    partition: str,
    rows: Samples,
    others: str,
    extract: FeatureExtractor,
    log: Callable[[str], None],
) -> Check:
    """Check a dataset that is being built against every benchmark, or a benchmark against datasets.

    `others` is the kind of the assets that it is compared with.
    """
    found = {}
    for name in built(catalog, others, partition):
        other = catalog.load(name, partition)
        pair = (rows, other) if others == BENCHMARK else (other, rows)
        found[name] = _shared(*pair, extract, log)
    return no_benchmark_inside(found, extract.engine if found else "", plain)


def _shared(
    dataset: Samples, benchmark: Samples, extract: FeatureExtractor, log: Log
) -> list[Overlap]:
    if found := overlaps(dataset, benchmark, None, SIMILAR):
        return found  # enough to stop, and no picture was looked at
    both = Samples.concat([dataset.without_decisions(), benchmark.without_decisions()])
    similar = similarity_of(extract, both, SIMILAR, log)
    return overlaps(dataset, benchmark, similar, SIMILAR)
