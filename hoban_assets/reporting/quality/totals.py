"""Sums over the facts of a source, or of all sources of its stage."""

from __future__ import annotations

from hoban_assets.asset_names import DATASET, kind_of
from hoban_assets.catalog.asked import Row
from hoban_assets.reporting.quality.facts import Facts
from hoban_assets.reporting.quality.problems import Problem


def rows_read(facts: Facts, source: Row) -> tuple[int, int]:
    """Images, and label rows of wanted classes, that were read of a source: kept and removed."""
    mine = decisions_of(facts, source)
    images = source["images"] + sum(d["images"] for d in mine)
    boxes = sum(b["labels"] + b["regions"] for b in facts.boxes if is_same(b, source))
    return images, boxes + sum(d["boxes"] for d in mine if d["rule"] != "class_not_used")


def duplicates_of(facts: Facts, source: Row) -> Row | None:
    """What its stage removed of a source, else the dataset that removed most; None: nothing."""
    mine = [d for d in facts.duplicates if d["source"] == source["source"]]
    by_stage = [d for d in mine if d["asset"] == source["asset"]]
    by_dataset = [d for d in mine if kind_of(d["asset"]) == DATASET]
    return max(by_stage or by_dataset, key=lambda d: d["images"], default=None)


def stage_of(facts: Facts, problem: Problem) -> int:
    """Return what `Problem.of` is for all sources of the stage together."""
    kind = problem.kind
    boxes = [b for b in facts.boxes if b["asset"] == problem.asset]
    sources = [i for i in facts.images if i["asset"] == problem.asset]
    if kind in ("rows", "broken") or (kind, problem.more.get("where")) == (
        "duplicates",
        problem.asset,
    ):
        return sum(rows_read(facts, i)[kind == "rows"] for i in sources)
    if kind in ("disagree", "unsure"):
        found = [duplicates_of(facts, i) for i in sources]
        return sum(d["alike"] for d in found if d)
    if kind in ("crowded", "blurred", "dark", "clips", "duplicates"):
        return sum(i["images"] for i in sources)
    if kind == "backgrounds":
        return problem.of
    is_class = kind not in ("twice", "conflict")
    return sum(b["labels"] for b in boxes if not is_class or b["class_name"] == problem.class_name)


def decisions_of(facts: Facts, source: Row) -> list[Row]:
    """Decisions about a source."""
    return [d for d in facts.decisions if is_same(d, source)]


def is_same(row: Row, other: Row) -> bool:
    """Whether two rows are about the same source of the same stage."""
    return bool(row["asset"] == other["asset"] and row["source"] == other["source"])
