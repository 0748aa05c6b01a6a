"""From facts to problems: what each source suffers from, and what a recipe could do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from hoban_assets.catalog.asked import Row
from hoban_assets.classes import PERSON
from hoban_assets.reporting.quality.facts import Facts
from hoban_assets.reporting.quality.problems import (
    MANY_CUT,
    Problem,
    Remedy,
    level_of,
    worst_first,
)
from hoban_assets.reporting.quality.totals import (
    decisions_of,
    duplicates_of,
    is_same,
    rows_read,
    stage_of,
)
from hoban_assets.rules import defects
from hoban_assets.settings import SIMILAR

FEW_ALIKE = 0.1
"""Share of near-duplicates below which the names of clips say more than the pictures show."""


def find_problems(facts: Facts) -> list[Problem]:
    """List all problems, worst first (see `worst_first`)."""
    found = [
        *_area_problems(facts),
        *_crowding(facts),
        *_overlaps(facts),
        *_shapes(facts),
        *_defects(facts),
        *_duplicates(facts),
        *_photographs(facts),
        *_backgrounds(facts),
    ]
    whole = [replace(problem, stage_of=stage_of(facts, problem)) for problem in found]
    return sorted(whole, key=worst_first)


def _problem(kind: str, row: Row, count: int, of: int, **fields: Any) -> Problem:
    return Problem(
        kind,
        level_of(kind, count, of),
        row["asset"],
        row["source"],
        fields.pop("class_name", row.get("class_name")),
        count,
        of,
        **fields,
    )


def _area_problems(facts: Facts) -> Iterator[Problem]:
    boxes = {(b["asset"], b["source"], b["class_name"]): b for b in facts.boxes}
    for row in facts.fields:
        limits = facts.limits.area[row["class_name"]]
        seen = boxes[row["asset"], row["source"], row["class_name"]]
        for name, kind in (("least", "small"), ("most", "whole"), ("outlier", "outlier")):
            unseen = name == "least" and seen["doubtful"]
            if name in limits and (row[name] or unseen):
                remedy = Remedy(
                    f"area: {{ {row['class_name']}: {{ {name}: {limits[name]:g} }} }}",
                    "ignore" if name == "least" else "drop",
                    row[name],
                    row[f"{name}_dropped"],
                    *_versions(facts, row["asset"], _area_value(row["class_name"], name)),
                )
                more = {**seen, "limit": limits[name], "size": facts.image_size}
                yield _problem(
                    kind,
                    row,
                    row[name],
                    row["labels"],
                    images=row[f"{name}_images"],
                    remedy=remedy,
                    more=more,
                )


def _area_value(class_name: str, name: str) -> Any:
    neutral = {"least": 0.0, "most": 1.0, "outlier": None}[name]

    def value(recipe: Mapping[str, Any]) -> Any:
        found = recipe.get("area", {}).get(class_name, {}).get(name)
        return None if found == neutral else found

    return value


def _crowding(facts: Facts) -> Iterator[Problem]:
    images = {(i["asset"], i["source"]): i["images"] for i in facts.images}
    most = facts.limits.max_persons
    for row in facts.crowding:
        if row["images"]:
            versions = _versions(facts, row["asset"], lambda recipe: recipe.get("max_persons"))
            yield _problem(
                "crowded",
                row,
                row["images"],
                images[row["asset"], row["source"]],
                class_name=PERSON,
                images=row["images"],
                remedy=Remedy(
                    f"max_persons: {most}", "crowd", row["labels"], row["images"], *versions
                ),
                more={**row, "limit": most},
            )


def _overlaps(facts: Facts) -> Iterator[Problem]:
    labels = _labels(facts)
    for row in facts.overlaps:
        is_same = row["class_name"] == row["other_class"]
        of = labels[row["asset"], row["source"]]
        fields: dict[str, Any] = {"images": row["images"], "more": row}
        if not is_same:
            fields["class_name"] = None
        yield _problem("twice" if is_same else "conflict", row, row["pairs"], of, **fields)


def _shapes(facts: Facts) -> Iterator[Problem]:
    for row in facts.boxes:
        for kind in ("slim", "far", "cut"):
            least = MANY_CUT * row["labels"] if kind == "cut" else 0
            if row[kind] and row[kind] >= least:
                yield _problem(kind, row, row[kind], row["labels"], more=row)


def _defects(facts: Facts) -> Iterator[Problem]:
    for source in facts.images:
        images, rows = rows_read(facts, source)
        for kind, counted, unit, of in (
            ("rows", defects("row"), "boxes", rows),
            ("broken", defects("image"), "images", images),
        ):
            hit = {
                d["rule"]: d[unit]
                for d in decisions_of(facts, source)
                if d["rule"] in counted and d[unit]
            }
            if hit:
                yield _problem(kind, source, sum(hit.values()), of, more={"rules": hit})


def _duplicates(facts: Facts) -> Iterator[Problem]:
    recipes = {row["asset"]: row["recipe"] for row in (*facts.stages, *facts.datasets)}
    for source in facts.images:
        found = duplicates_of(facts, source)
        if found is None:
            continue
        is_stage = found["asset"] == source["asset"]
        recipe = recipes.get(found["asset"], {})
        similarity = recipe.get("dedupe" if is_stage else "similarity") or SIMILAR
        remedy = Remedy(
            f"similarity: {similarity:g}",
            "duplicates",
            found["boxes"],
            found["images"],
            *_versions(facts, source["asset"], lambda recipe: recipe.get("similarity")),
        )
        more = {"where": found["asset"], "similarity": similarity}
        of = rows_read(facts, source)[0] if is_stage else source["images"]
        yield _problem(
            "duplicates",
            source,
            found["images"],
            of,
            images=found["images"],
            remedy=remedy,
            more=more,
        )
        if found["disagreeing"]:
            has_labels = any(is_same(b, source) and b["labels"] for b in facts.boxes)
            kind = "disagree" if has_labels else "unsure"
            yield _problem(kind, source, found["disagreeing"], found["alike"], more=more)


def _photographs(facts: Facts) -> Iterator[Problem]:
    for source in facts.images:
        for kind in ("blurred", "dark"):
            if source[kind]:
                yield _problem(
                    kind, source, source[kind], source["images"], images=source[kind], more=source
                )
        repeated = source["images"] - source["groups"]
        if level_of("clips", repeated, source["images"]) != "note":
            problem = _problem("clips", source, repeated, source["images"], more=source)
            yield problem if _may_repeat(facts, source) else replace(problem, level="note")


def _may_repeat(facts: Facts, source: Row) -> bool:
    """False where similarity was measured, and pictures of one clip are not alike after all."""
    found = duplicates_of(facts, source)
    if found is None:
        return not any(
            source["asset"] in _stages_of(d["recipe"], facts.partition) for d in facts.datasets
        )
    return bool(found["images"] >= FEW_ALIKE * source["images"])


def _backgrounds(facts: Facts) -> Iterator[Problem]:
    """Say that versions lack empty scenes although there are some."""
    empty = {s["asset"] for s in facts.stages if s["recipe"].get("backgrounds")}
    for asset in sorted(empty):
        images = sum(i["images"] for i in facts.images if i["asset"] == asset)
        counts = {
            d["recipe"].get("version", d["asset"]): d["recipe"]
            .get("backgrounds", {})
            .get(facts.partition, 0)
            for d in facts.datasets
        }
        having = tuple(f"{name}: {count:,}" for name, count in counts.items() if count)
        lacking = tuple(name for name, count in counts.items() if not count)
        if lacking and images:
            remedy = Remedy(
                f"background: {asset}, backgrounds: {{ sub: 100, full: 1000 }}",
                "add",
                0,
                images,
                having,
                lacking,
            )
            row = {"asset": asset, "source": asset}
            yield _problem("backgrounds", row, len(lacking), len(counts), remedy=remedy)


def _versions(facts: Facts, asset: str, value: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Dataset versions made from a stage: those whose recipe has a value, and the others."""
    having, lacking = [], []
    for dataset in facts.datasets:
        recipe = dataset["recipe"]
        name = dataset["version"]
        if asset not in _stages_of(recipe, facts.partition):
            continue
        found = value(recipe)
        if found is None:
            lacking.append(name)
        else:
            having.append(f"{name}: {found:g}")
    return tuple(having), tuple(lacking)


def _stages_of(recipe: Mapping[str, Any], partition: str) -> set[str]:
    stages = recipe.get("stages", [])
    named = {s[partition] if isinstance(s, dict) else s for s in stages}
    return named | {recipe["background"]} if recipe.get("background") else named


def _labels(facts: Facts) -> dict[tuple[str, str], int]:
    counts: dict[tuple[str, str], int] = {}
    for row in facts.boxes:
        key = row["asset"], row["source"]
        counts[key] = counts.get(key, 0) + row["labels"]
    return counts
