"""How the exact pair search grows: processor time of its tasks, and of what is read off the pairs.

Up to 50,000 features all tasks run. Above, a few of the tasks run and the others are taken to cost
the same, as all blocks are alike; what is read off the pairs (greedy, components, nearest kept,
certificate) runs whole up to a million. Features are invented: places that were seen about three
times each, 576 numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.harness import Context, Criterion, Result
from benchmarks.worker import Timing, Work, call

if TYPE_CHECKING:
    import numpy as np

DIMENSIONS = 576
THRESHOLD, GROUPS = 0.9, 0.85
SAMPLED = 2
"""Tasks that are run where not all are."""
WHOLE = 50_000
STRETCH, POOL = 8_192, 20_000
"""Features among which a place is seen again, and random vectors that all are made from."""
LINEAR = 1.5
"""Times that a pair of features, or an image of a list, may cost at the largest size."""


def run(context: Context) -> Result:
    """Measure each size once."""
    sizes = [20_000, 50_000, 1_000_000] if not context.quick else [2_000, 4_000]
    timings, lists = dict[int, Timing](), dict[int, Timing]()
    for n in sizes:
        timings[n] = call(f"{__name__}:search", count=n)
        lists[n] = call(f"{__name__}:read_off", count=n)
        context.say(_told(n, timings[n], lists[n]))
    least, most = sizes[0], sizes[-1]
    pair = {n: t.processor_seconds / t.result["compared"] for n, t in timings.items()}
    image = {n: t.processor_seconds / n for n, t in lists.items()}
    return Result(
        criteria=[
            Criterion(
                f"{what}, {most:,} features / {least:,}, processor time",
                f"{cost[most] * scale:.2f} {unit}",
                f"{cost[least] * scale:.2f} {unit}",
                cost[most] / cost[least],
                LINEAR,
                "at most",
            )
            for what, cost, scale, unit in (
                ("a pair of features", pair, 1e9, "ns"),
                ("greedy, groups and certificate, an image", image, 1e6, "us"),
            )
        ],
        notes=[_told(n, timings[n], lists[n]) for n in sizes],
        samples={f"{n} search": [t.processor_seconds] for n, t in timings.items()}
        | {f"{n} read off": [t.processor_seconds] for n, t in lists.items()},
    )


def _told(count: int, search: Timing, read: Timing) -> str:
    found = search.result
    spent, whole = search.processor_seconds, count * (count - 1) / 2
    all_ = spent * whole / found["compared"]
    run = "" if found["ran"] == found["tasks"] else f" (simulated from {spent:.1f} s)"
    return (
        f"{count:,} features: {found['ran']} of {found['tasks']:,} tasks, whole search {all_:,.1f} "
        f"s of a processor{run}, {found['compared'] / spent / 1e6:.0f} million pairs/s, "
        f"{search.peak_mb:,.0f} MB; read off {read.result['pairs']:,} pairs: "
        f"{read.processor_seconds:.1f} s, {read.peak_mb:,.0f} MB"
    )


def invented(start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
    """Features `start` to `stop` of any number, float32 rows of length 1, and the place of each.

    Two views of a place have a cosine of about 0.92, of two places about 0. `start` and `stop` are
    multiples of `STRETCH`, or the end.
    """
    import numpy as np

    pool = np.random.default_rng(0).standard_normal((POOL, DIMENSIONS), np.float32)
    features = np.empty((stop - start, DIMENSIONS), np.float32)
    place = np.empty(stop - start, np.int64)
    for first in range(0, stop - start, STRETCH):
        rows, draw = features[first : first + STRETCH], np.random.default_rng(start + first)
        one, other = draw.integers(POOL, size=(2, max(1, len(rows) // 3)))
        chosen = draw.integers(len(one), size=len(rows))
        np.multiply(pool[draw.integers(POOL, size=len(rows))], np.float32(0.42), out=rows)
        rows += pool[one[chosen]]
        rows += pool[other[chosen]]
        rows /= np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, None]
        place[first : first + STRETCH] = start + first + chosen
    return features, place


def search(count: int) -> Work:
    """Run all tasks, or some that are spread over all."""
    from hoban_assets.curation.block_pairs import ROWS, pairs_of, tasks

    wanted = tasks(count)
    apart = [task for task in wanted if task[0] != task[1]]
    step = max(1, len(apart) // SAMPLED)
    chosen = wanted if count <= WHOLE else apart[::step][:SAMPLED]
    blocks = {
        number: invented(number * ROWS, min(count, (number + 1) * ROWS))[0]
        for number in {number for task in chosen for number in task}
    }

    def work() -> dict[str, Any]:
        compared = found = 0
        for upper, lower in chosen:
            one, other = blocks[upper], blocks[lower]
            same = upper == lower
            pairs = pairs_of(one, None if same else other, GROUPS, 10**8)
            found += len(pairs.i)
            compared += len(one) * (len(one) - 1) // 2 if same else len(one) * len(other)
        return {"compared": compared, "ran": len(chosen), "tasks": len(wanted), "found": found}

    return work


def read_off(count: int) -> Work:
    """Do what a dataset does with the pairs that were found; they are those of one place."""
    import numpy as np

    from hoban_assets.curation.components import components
    from hoban_assets.curation.cosine import Pairs, cosine
    from hoban_assets.curation.graphs import keep_best, nearest_kept, survey
    from hoban_assets.curation.similarity import PairList

    features, place = invented(0, count)
    by_place = np.argsort(place, kind="stable").astype(np.int32)
    i, j = [], []
    for apart in range(1, 12):
        same = place[by_place[apart:]] == place[by_place[:-apart]]
        i.append(by_place[:-apart][same])
        j.append(by_place[apart:][same])
    one, other = np.concatenate(i), np.concatenate(j)
    value = cosine(features, one, other).astype(np.float32)
    high = value >= GROUPS
    graph = PairList(count, Pairs(one[high], other[high], value[high]), GROUPS, features)
    order = np.random.default_rng(1).permutation(count)
    everyone = np.arange(count, dtype=np.int32)

    def work() -> dict[str, Any]:
        kept, _ = keep_best(graph, order, THRESHOLD)
        nearest_kept(graph, kept, order, THRESHOLD)
        seen = survey(graph, kept, THRESHOLD)
        groups = components(graph, everyone[kept], GROUPS)
        if seen.residual or seen.uncovered:
            raise RuntimeError(f"not separated or not covered: {seen}")
        return {
            "pairs": len(graph.pairs.i),
            "kept": int(kept.sum()),
            "groups": len(np.unique(groups)),
        }

    return work
