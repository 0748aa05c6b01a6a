"""What a trained model can and cannot do: figures, confusions, epochs, from the catalog.

Everything is judged label-aware (each class only on images whose source labels it) unless it
says stock.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from hoban_assets.asset_names import dataset_of
from hoban_assets.catalog.asked import Ask, Row
from hoban_assets.classes import BACKGROUND
from hoban_assets.errors import HobanError
from hoban_assets.howto import build_all
from hoban_assets.reporting.results.figures import (
    ALL,
    ClassResult,
    Confusion,
    ModelResults,
)
from hoban_assets.reporting.results.trend import trend

STOCK, LABEL_AWARE = "val", "val_labelled"
PREDICTED_AS = "predicted_as/"


def model_results(ask: Ask, model: str, partition: str) -> ModelResults:
    """Return the results of the current training of `model`.

    Raises:
        HobanError: it was never trained for this partition, or recorded no metrics.
    """
    line = _line(ask, model, partition)
    number = line["materialization_id"]
    final = ask(_FINAL, {"id": number, "epoch": line["best_epoch"]})
    known = {(r["split"], r["source"], r["class_name"], r["metric"]): r["value"] for r in final}
    split = LABEL_AWARE if any(r["split"] == LABEL_AWARE for r in final) else STOCK
    matrix = _matrix(final, split)
    names = _class_names(final, split)
    dataset = dataset_of(model)
    is_current = _is_current(ask, number, dataset, partition)
    trained = _training_rows(ask, dataset, partition) if is_current else {}
    pick = _picker(known, split)
    classes = tuple(_class(name, pick, matrix, trained) for name in names)
    recipe = json.loads(line["recipe"] or "{}")
    epochs = _epochs(ask(_EPOCHS, [number]))
    return ModelResults(
        model=model,
        partition=partition,
        created_at=line["created_at"],
        path=line["path"],
        dataset=dataset,
        dataset_is_current=is_current,
        best_epoch=line["best_epoch"],
        epochs_planned=recipe.get("epochs"),
        weights=recipe.get("model"),
        partial_labels=recipe.get("partial_labels"),
        resumed=tuple(recipe.get("resumed") or ()),
        overall=_total(_class(ALL, pick, {}, {}), classes if matrix else ()),
        classes=classes,
        stock={m: known.get((STOCK, ALL, ALL, m)) for m in ("mAP50", "mAP50-95")},
        sources=tuple(_sources(final, names)),
        confusions=_confusions(matrix),
        matrix=matrix,
        empty_images=_whole(pick(ALL, "empty_images")),
        trained_backgrounds=trained.get(BACKGROUND, {}).get("labels"),
        epochs=tuple(epochs),
        trend=trend({r["epoch"]: r["mAP50-95"] for r in epochs if r.get("mAP50-95") is not None}),
        checks=tuple(ask(_CHECKS, [number])),
    )


def _line(ask: Ask, model: str, partition: str) -> Row:
    lines = ask(_LINE, [model, partition])
    way_out = build_all(model, partition)
    if not lines:
        raise HobanError(f"{model} was never trained for partition {partition}", way_out)
    if lines[0]["best_epoch"] is None:
        raise HobanError(f"{model} [{partition}] has no metrics in the catalog", way_out)
    return lines[0]


def _is_current(ask: Ask, number: int, dataset: str, partition: str) -> bool | None:
    rows = ask(_TRAINED_ON, {"id": number, "dataset": dataset, "partition": partition})
    return rows[0]["is_current"] if rows else None


def _training_rows(ask: Ask, dataset: str, partition: str) -> dict[str, Row]:
    """Class -> labels in train, and the share of images whose source does not label it."""
    rows = ask(_TRAIN, {"dataset": dataset, "partition": partition})
    return {row["class_name"]: row for row in rows}


Pick = Callable[[str, str], float | None]


def _picker(known: Mapping[tuple[str, str, str, str], float | None], split: str) -> Pick:
    return lambda name, metric: known.get((split, ALL, name, metric))


def _class(
    name: str, pick: Pick, matrix: Mapping[str, Mapping[str, int]], trained: Mapping[str, Row]
) -> ClassResult:
    of = matrix.get(name)
    counted = sum(of.values()) if of is not None else None
    return ClassResult(
        class_name=name,
        labels=counted if counted is not None else _whole(pick(name, "labels")),
        ap50=pick(name, "mAP50"),
        ap50_95=pick(name, "mAP50-95"),
        precision=pick(name, "precision"),
        recall=pick(name, "recall"),
        missed=of[BACKGROUND] if of is not None else None,
        false_positives=matrix[BACKGROUND][name] if of is not None else None,
        found=of[name] if of is not None else None,
        detections=sum(row[name] for row in matrix.values()) if of is not None else None,
        false_on_empty=_whole(pick(name, "false_positives_on_empty")),
        train_labels=trained.get(name, {}).get("labels"),
        unlabelled_share=trained.get(name, {}).get("unlabelled"),
    )


def _total(overall: ClassResult, classes: Sequence[ClassResult]) -> ClassResult:
    """Add up what was counted; the other figures are means, which the worker recorded."""
    if not classes:
        return overall

    def of(name: str) -> int:
        return sum(getattr(c, name) or 0 for c in classes)

    return replace(
        overall,
        labels=of("labels"),
        missed=of("missed"),
        false_positives=of("false_positives"),
        found=of("found"),
        detections=of("detections"),
        false_on_empty=of("false_on_empty"),
    )


def _class_names(final: Sequence[Row], split: str) -> list[str]:
    """Classes in the order of their ids: of the matrix, or of those that had a label."""
    rows = [r for r in final if r["split"] == split and r["source"] == ALL]
    in_matrix = [r["class_name"] for r in rows if r["metric"].startswith(PREDICTED_AS)]
    names = in_matrix or [r["class_name"] for r in rows]
    return [name for name in dict.fromkeys(names) if name not in (ALL, BACKGROUND)]


def _matrix(final: Sequence[Row], split: str) -> dict[str, dict[str, int]]:
    matrix: dict[str, dict[str, int]] = {}
    for row in final:
        if row["split"] == split and row["metric"].startswith(PREDICTED_AS):
            taken_for = row["metric"].removeprefix(PREDICTED_AS)
            matrix.setdefault(row["class_name"], {})[taken_for] = int(row["value"])
    return matrix


def _confusions(matrix: Mapping[str, Mapping[str, int]]) -> tuple[Confusion, ...]:
    """Return the pairs of classes that were mistaken for each other, most frequent first."""
    found = [
        Confusion(true, predicted, count, count / sum(row.values()))
        for true, row in matrix.items()
        for predicted, count in row.items()
        if count and true != predicted and BACKGROUND not in (true, predicted)
    ]
    return tuple(sorted(found, key=lambda c: (-c.count, c.true, c.predicted)))


def _sources(final: Sequence[Row], names: Sequence[str]) -> list[Row]:
    columns = {"labels": "labels", "mAP50": "AP50", "mAP50-95": "AP50-95", "recall": "recall"}
    table: dict[tuple[str, str], Row] = {}
    for row in final:
        if row["split"] != LABEL_AWARE or row["source"] == ALL or row["class_name"] == ALL:
            continue
        if row["metric"] in columns:
            key = (row["class_name"], row["source"])
            entry = table.setdefault(key, {"class": key[0], "source": key[1], "labels": None})
            value = _whole(row["value"]) if row["metric"] == "labels" else row["value"]
            entry[columns[row["metric"]]] = value
    return sorted(table.values(), key=lambda r: (names.index(r["class"]), r["source"]))


def _epochs(rows: Sequence[Row]) -> list[Row]:
    """One row an epoch: train and val losses under their own names, lr, metrics."""
    table: dict[int, dict[str, Any]] = {}
    for row in rows:
        metric = row["metric"]
        name = f"{row['split']}_{metric}" if metric.endswith("_loss") else metric
        table.setdefault(row["epoch"], {"epoch": row["epoch"]})[name] = row["value"]
    return list(table.values())


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


_LINE = """
    SELECT m.materialization_id, m.created_at, store.placed(m.path) AS path, m.recipe,
           coalesce(
               (SELECT max(best_epoch) FROM store.model_figures AS f
                WHERE f.materialization_id = m.materialization_id),
               (SELECT arg_max(epoch, value) FROM store.metrics AS v
                WHERE v.materialization_id = m.materialization_id AND split = 'val'
                  AND metric = 'mAP50-95' AND class_name = 'all')) AS best_epoch
    FROM store.materializations AS m JOIN store.current USING (materialization_id)
    WHERE m.asset = ? AND m.partition = ?
"""
_FINAL = """
    SELECT split, source, class_name, metric, value FROM store.metrics
    WHERE materialization_id = $id AND epoch = $epoch AND split IN ('val', 'val_labelled')
    ORDER BY rowid
"""
_EPOCHS = """
    SELECT epoch, split, metric, value FROM store.metrics
    WHERE materialization_id = ? AND split IN ('train', 'val') AND class_name = 'all'
      AND source = 'all' AND metric NOT IN ('images', 'labels', 'fitness')
    ORDER BY epoch, rowid
"""
_CHECKS = """
    SELECT name, passed, "text" FROM store.checks WHERE materialization_id = ? ORDER BY rowid
"""
_TRAINED_ON = """
    SELECT i.data_version = d.data_version AS is_current
    FROM store.inputs AS i
    JOIN store.current AS c ON c.asset = i.input AND c.partition = $partition
    JOIN store.materializations AS d ON d.materialization_id = c.materialization_id
    WHERE i.materialization_id = $id AND i.input = $dataset
"""
_TRAIN = """
    WITH train AS (
        SELECT image_id, labelled_classes FROM images
        WHERE asset = $dataset AND partition = $partition AND split = 'train'
    ),
    labels AS (
        SELECT class_name, count(*) AS labels
        FROM boxes SEMI JOIN train USING (image_id)
        WHERE asset = $dataset AND partition = $partition GROUP BY 1
    ),
    judged AS (
        SELECT class_name, count(*) AS images
        FROM (SELECT unnest(labelled_classes) AS class_name FROM train) GROUP BY 1
    )
    SELECT class_name, labels, 1 - coalesce(images, 0) / (SELECT count(*) FROM train) AS unlabelled
    FROM labels LEFT JOIN judged USING (class_name)
    UNION ALL BY NAME
    SELECT 'background' AS class_name, count(*) AS labels FROM train
    ANTI JOIN (SELECT image_id FROM boxes WHERE asset = $dataset AND partition = $partition)
        USING (image_id)
"""
