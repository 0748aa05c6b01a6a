"""The queues of an asset: pictures worth a person's minute, the best first.

A picture has one doubt or many: each decision of a rule about it, each mistake of a model. What a
minute brings is measured where people have looked already: boxes that were changed for each doubt,
on the pictures of a queue that have a correction, shrunk towards a first guess by `PRIOR` doubts.
The time that a picture takes is a guess, the same for all queues, so it only scales the numbers.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hoban_assets.catalog.asked import Ask
from hoban_assets.corrections.edits import edits
from hoban_assets.corrections.proposed import Proposed
from hoban_assets.corrections.rows import Correction
from hoban_assets.corrections.states import decided
from hoban_assets.naming import image_tag
from hoban_assets.rules import rules

PRIOR = 5
"""Doubts that the first guess is worth."""
SECONDS_A_PICTURE, SECONDS_A_BOX = 6.0, 2.0
"""To look at a picture, and at each of its boxes."""


@dataclass(frozen=True)
class Kind:
    """What a queue is filled from."""

    name: str
    text: str
    """English; the key of its translation."""
    rules: tuple[str, ...]
    guess: float
    """Boxes that change for each doubt, before anybody has looked."""


KINDS = (
    Kind("conflict", "corrections that fit their picture no more", (
        "correction_picture_changed", "correction_label_changed"), 1.0),
    Kind("disagree", "labels that differ between near-duplicates", (
        "labels_disagree", "copies_contradict", "class_contradicted"), 0.7),
    Kind("doubted", "labels that a model doubts which was trained without the photograph", (
        "label_overlooked", "label_swapped", "label_misplaced"), 0.7),
    Kind("contradicted", "boxes that their own outline or area contradicts", (
        "box_contradicted",), 0.6),
    # Of 228 on photographs whose truth is known, 46 were labels and 41 places of a missing body.
    Kind("unsure", "boxes of which the teacher is not sure", ("teacher_unsure",), 0.4),
    Kind("outlier", "boxes far too large for their class", (
        "area_outlier", "area_too_large"), 0.4),
    Kind("frame", "labels whose frame is in doubt", (
        "exif_undecided", "size_scaled", "frame_of_file", "size_transposed"), 0.2),
    Kind("empty", "label files that list no object", ("no_annotations",), 0.2),
)  # fmt: skip
PROPOSED = Kind("proposed", "boxes that a model proposes and nobody has decided on", (), 1.0)
UNSEEN = Kind("unseen", "photographs without labels on which no model has found anything", (), 0.2)
WORST = Kind("worst", "pictures on which {model} makes most mistakes", (), 0.5)


@dataclass(frozen=True)
class Queue:
    """One queue of an asset."""

    kind: Kind
    ids: tuple[str, ...]
    """Pictures that nobody has corrected yet, those with most at stake first."""
    looked_at: int
    """Pictures of it that have a correction."""
    boxes_a_minute: float
    """Boxes that a person's minute is expected to change."""
    model: str = ""


def queues(
    ask: Ask,
    asset: str,
    partition: str,
    active: Sequence[Correction] = (),
    proposed: Mapping[str, Proposed] = MappingProxyType({}),
) -> list[Queue]:
    """Return the queues that are not empty, what a minute is worth most in first.

    A correction that a build could not apply settles nothing: its picture is still to be looked at.

    Args:
        ask: the catalog.
        asset: stage or dataset; decisions of the stages that it is made from count too.
        partition: 'sub' or 'full'.
        active: corrections that stand.
        proposed: what models propose for photographs without labels, by source.
    """
    seen = ask(_IMAGES, [asset, partition])
    images = {row["image_id"]: row["boxes"] for row in seen}
    returning = [rule.name for rule in rules().values() if rule.overruled]
    rows = ask(_DECIDED, {"asset": asset, "partition": partition, "returning": returning})
    unfit = {row["start"] for row in decided(ask) if row["action"] == "review"}
    by_image = {row.image_id: row for row in active if row.id[:8] not in unfit}
    found = []
    for kind in KINDS:
        counts: dict[str, int] = {}
        for row in rows:
            is_here = row["image_id"] in images or row["can_return"]
            if row["rule"] in kind.rules and is_here:
                counts[row["image_id"]] = counts.get(row["image_id"], 0) + row["decisions"]
        order = sorted(counts, key=lambda image_id: (-counts[image_id], image_id))
        found.append(_queue(kind, {i: counts[i] for i in order}, images, by_image))
    tags = {image_tag(image_id): image_id for image_id in images}
    for model, folder in models_of(ask, asset, partition).items():
        wrong = {
            tags[tag]: max(1, sum(box["kind"] != "right" for box in boxes))
            for tag, boxes in mistakes(folder).items()
            if tag in tags
        }
        found.append(_queue(WORST, wrong, images, by_image, model))
    unlabelled = {r["image_id"]: r["content_hash"] for r in seen if not r["labelled_classes"]}
    found += queues_of_proposals(unlabelled, proposed, by_image)
    worth = (q for q in found if q.ids or q.looked_at)
    return sorted(worth, key=lambda q: (not q.ids, -q.boxes_a_minute))


def queued(
    ask: Ask,
    asset: str,
    partition: str,
    active: Sequence[Correction] = (),
    proposed: Mapping[str, Proposed] = MappingProxyType({}),
) -> tuple[str, ...]:
    """Ids of the pictures of all queues, the best queue first, each once."""
    found = queues(ask, asset, partition, active, proposed)
    return tuple(dict.fromkeys(image_id for queue in found for image_id in queue.ids))


def queues_of_proposals(
    unlabelled: Mapping[str, str],
    proposed: Mapping[str, Proposed],
    corrected: Mapping[str, Correction],
) -> list[Queue]:
    """Return the queues of photographs of which nobody has said what is on them.

    Of an object that was followed through a clip only the frame is asked about on which the model
    is surest, as one decision is about all of them: what settles most boxes comes first.

    Args:
        unlabelled: image id -> content hash.
        proposed: by source.
        corrected: image id -> its correction.
    """
    settles: dict[str, int] = {}
    best: dict[tuple[str, int], tuple[float, str]] = {}
    frames: Counter[tuple[str, int]] = Counter()
    empty = []
    for image_id, content_hash in sorted(unlabelled.items()):
        source, row = image_id.partition("/")[0], corrected.get(image_id)
        mine = proposed.get(source)
        open_ = mine.pending(image_id, content_hash, row) if mine else []
        if not open_ and row is None:
            empty.append(image_id)
        for each in open_:
            if each.track is None:
                settles[image_id] = settles.get(image_id, 0) + 1
            else:
                track = (source, each.track)
                frames[track] += 1
                best[track] = max(best.get(track, (-1.0, "")), (each.score, image_id))
    for track, (_, image_id) in best.items():
        settles[image_id] = settles.get(image_id, 0) + frames[track]
    order = sorted(settles, key=lambda image_id: (-settles[image_id], image_id))
    each_settles = sum(settles.values()) / max(1, len(settles))
    done = sum(image_id in corrected for image_id in unlabelled)
    return [
        Queue(
            PROPOSED, tuple(order), done, 60 * each_settles / (SECONDS_A_PICTURE + SECONDS_A_BOX)
        ),
        Queue(UNSEEN, tuple(empty), done, 60 * UNSEEN.guess / SECONDS_A_PICTURE),
    ]


def _queue(
    kind: Kind,
    doubts: Mapping[str, int],
    images: Mapping[str, int],
    corrected: Mapping[str, Correction],
    model: str = "",
) -> Queue:
    """Of pictures with the number of their doubts, in the order in which they are looked at."""
    done = [i for i in doubts if i in corrected]
    open_ids = tuple(i for i in doubts if i not in corrected)
    changed = sum(changed_by(corrected[i]) for i in done)
    each = (changed + PRIOR * kind.guess) / (sum(doubts[i] for i in done) + PRIOR)
    left = open_ids or tuple(doubts)
    expected = each * sum(doubts[i] for i in left)
    seconds = sum(SECONDS_A_PICTURE + SECONDS_A_BOX * images.get(i, 0) for i in left)
    return Queue(kind, open_ids, len(done), 60 * expected / max(1.0, seconds), model)


def changed_by(row: Correction) -> int:
    """Boxes that a correction changed; a rejected picture counts with its boxes, at least one."""
    if row.kind == "reject":
        return max(1, len(row.before))
    return len(edits(row.before, row.after))


def models_of(ask: Ask, asset: str, partition: str) -> dict[str, Path]:
    """Models that were trained on a dataset, and their folders."""
    return {row["asset"]: Path(row["path"]) for row in ask(_MODELS, [partition, asset])}


def mistakes(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Pictures on which a model makes most mistakes, worst first: tag of the id -> its boxes.

    Boxes as `workers.yolo_confusions` keeps them: kind ('right', 'wrong', 'not_found'), class_name,
    confidence, box (x y w h, shares). A training without evaluation has none.
    """
    try:
        lines = json.loads((folder / "worst_images.json").read_text(encoding="utf-8"))
        return {
            str(line["name"]).rpartition(".")[0].rpartition("-")[2]: line["boxes"] for line in lines
        }
    except (OSError, ValueError, KeyError, TypeError):
        return {}


_IMAGES = """
SELECT i.image_id, i.content_hash, any_value(i.labelled_classes) AS labelled_classes,
       count(b.image_id) AS boxes
FROM images AS i
LEFT JOIN boxes AS b USING (asset, "partition", image_id)
WHERE i.asset = ? AND i."partition" = ?
GROUP BY i.image_id, i.content_hash
"""
_DECIDED = """
WITH builds AS (
    SELECT $asset AS asset
    UNION
    SELECT i.input FROM inputs AS i JOIN materializations AS m USING (materialization_id)
    WHERE m.is_current AND m.asset = $asset AND m."partition" = $partition
    UNION -- models that were trained on it
    SELECT m.asset FROM inputs AS i JOIN materializations AS m USING (materialization_id)
    WHERE m.is_current AND m.images IS NULL AND i.input = $asset AND m."partition" = $partition
)
SELECT image_id, rule, count(*) AS decisions,
       list_contains($returning, rule) AS can_return -- left out, until a person says what is right
FROM decisions JOIN builds USING (asset)
WHERE "partition" = $partition AND image_id IS NOT NULL
GROUP BY ALL
"""
_MODELS = """
SELECT m.asset, m.path
FROM materializations AS m JOIN inputs AS i USING (materialization_id)
WHERE m.is_current AND m.images IS NULL AND m.path IS NOT NULL
  AND m."partition" = ? AND i.input = ?
ORDER BY m.materialization_id DESC
"""
