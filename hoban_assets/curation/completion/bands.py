"""Candidates of one class on one image are parted into boxes, ignore regions and background."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np

from hoban_assets.classes import BODY_OF, CLASS_NAMES, INSTEAD_OF, same_object
from hoban_assets.curation.completion.cross_check import (
    GROUP,
    NEVER,
    body_regions,
    log_odds,
    matched,
)
from hoban_assets.curation.completion.limits import Limits
from hoban_assets.curation.completion.verdicts import (
    BACKGROUND,
    BODY_FOUND,
    BOX,
    GROUP_OF_HEADS,
    HEAD_FOUND,
    HEAD_TAKEN,
    IGNORE,
    MERGED,
    NO_BODY,
    NO_HEAD,
    SAME_BODY,
)
from hoban_assets.curation.completion.voting import Candidates
from hoban_assets.curation.packed_boxes import pairwise_iou
from hoban_assets.workers.yolo_matching import SAME_PLACE

TWICE_IOU = 0.6
"""Boxes of one class that overlap this much are one object, unless each has its own head."""


@dataclass(frozen=True)
class Labelled:
    """What people labelled on an image."""

    corners: np.ndarray
    """float64 [n, 4]: left, top, right, bottom, 0-1."""
    names: np.ndarray
    """object [n]: class names."""
    classes: frozenset[str]
    """Classes that its source labels completely, whether they are there or not."""

    def of(self, names: AbstractSet[str]) -> np.ndarray:
        """Boxes of these classes: [m, 4]."""
        return self.corners[np.isin(self.names, list(names))]

    def without(self, name: str) -> Labelled:
        """The same as if nobody had labelled this class: to see how well a teacher does."""
        others = self.names != name
        return Labelled(self.corners[others], self.names[others], self.classes - {name})


@dataclass(frozen=True)
class Parted:
    """Bands of the candidates of one class, and the regions of bodies that nobody found."""

    band: np.ndarray
    """object [n]: BOX, IGNORE, MERGED or BACKGROUND."""
    verdict: np.ndarray
    """object [n]: one of VERDICTS, or None where nothing could be asked."""
    limit: np.ndarray
    """float64 [n]: the score that was needed for a box."""
    regions: np.ndarray
    """float64 [k, 4]: ignore regions in which an undetected body must be."""


def part(
    name: str, found: Candidates, labelled: Labelled, limits: Limits, most: int = 1_000
) -> Parted:
    """Part the candidates of class `name`.

    Labelled heads confirm bodies, labelled bodies confirm heads (`cross_check`); what overlaps a
    labelled object of the same body is merged into it (`classes.INSTEAD_OF`).
    """
    seen = asked(name, found, labelled)
    verdict = seen.verdict.copy()
    confirmed = seen.log_odds >= float(log_odds(limits.confirmed))
    verdict[confirmed] = np.where(seen.partner[confirmed] >= 0, HEAD_FOUND, BODY_FOUND)
    band = np.full(len(found.score), BACKGROUND, object)
    band[found.seen >= limits.ignore] = IGNORE
    band[confirmed | (found.score >= limits.box)] = BOX
    _merge_labelled(name, found.corners, labelled, band, verdict)
    _once(found, confirmed, band)
    band[np.flatnonzero(band == BOX)[most:]] = IGNORE
    with_body = set(seen.partner[(band == BOX) & (seen.partner >= 0)].tolist())
    lonely = [i for i in range(len(seen.heads)) if i not in with_body]
    limit = np.where(confirmed, limits.confirmed, limits.box)
    return Parted(band, verdict, limit, body_regions(seen.heads[lonely]))


@dataclass(frozen=True)
class Asked:
    """What the labels beside the candidates say of them, before any limit."""

    log_odds: np.ndarray
    """float64 [n]: of the corrected score; `NEVER` where nothing belongs to it."""
    verdict: np.ndarray
    """object [n]: what is said of a candidate that is not confirmed; None: nothing can be asked."""
    partner: np.ndarray
    """int64 [n]: of a body, its head in `heads`; or -1."""
    heads: np.ndarray
    """float64 [m, 4]: labelled heads that must have a body of this class."""


def asked(name: str, found: Candidates, labelled: Labelled) -> Asked:
    """Cross-check the candidates of class `name` with the labelled heads, or with the bodies."""
    count = len(found.score)
    verdict, nobody = np.full(count, None, object), np.full(count, -1)
    value, no_heads = np.full(count, float(NEVER)), np.empty((0, 4))
    head_classes = {h for h, body in BODY_OF.items() if body == name} & labelled.classes
    if head_classes:
        heads = _without_body(labelled.of(head_classes), labelled.of({name}))
        pairs = np.repeat(found.score[:, None], len(heads), axis=1)
        seen = matched(found.corners, pairs, heads, GROUP)
        verdict[:] = NO_HEAD
        verdict[seen.heads_inside > 0] = HEAD_TAKEN
        verdict[seen.heads_inside > 1] = GROUP_OF_HEADS
        return Asked(seen.log_odds, verdict, seen.partner, heads)
    if BODY_OF.get(name) in labelled.classes:
        bodies = labelled.of({BODY_OF[name]})
        pairs = np.repeat(found.score[None], len(bodies), axis=0)
        seen = matched(bodies, pairs, found.corners, 0.0)
        has = seen.partner >= 0
        value[seen.partner[has]] = seen.log_odds[has]
        verdict[:] = NO_BODY
    return Asked(value, verdict, nobody, no_heads)


def _without_body(heads: np.ndarray, bodies: np.ndarray) -> np.ndarray:
    """Heads whose body a person has drawn already are left out."""
    taken = matched(bodies, np.full((len(bodies), len(heads)), 0.5), heads, 0.0).partner
    return np.delete(heads, taken[taken >= 0], axis=0)


def _merge_labelled(
    name: str, corners: np.ndarray, labelled: Labelled, band: np.ndarray, verdict: np.ndarray
) -> None:
    """What people labelled stays. Where they cannot have meant `name`, it is background there."""
    for other in filter(lambda each: same_object(name, each), CLASS_NAMES):
        near = pairwise_iou(corners, labelled.of({other})) >= SAME_PLACE
        same = near.any(axis=1) & (band != BACKGROUND)
        band[same] = MERGED if INSTEAD_OF.get(other) == name else IGNORE
        verdict[same] = SAME_BODY
    drawn = pairwise_iou(corners, labelled.of({name})) >= SAME_PLACE  # by a person, some of it
    band[drawn.any(axis=1) & (band != BACKGROUND)] = MERGED


def _once(found: Candidates, confirmed: np.ndarray, band: np.ndarray) -> None:
    """Of boxes of one object the best stays: a confirmed one, else that of the highest score."""
    alike = pairwise_iou(found.corners, found.corners)
    order = np.lexsort((-found.score, ~confirmed))
    kept: list[int] = []
    for index in order[np.isin(band[order], (BOX, IGNORE))].tolist():
        twice = [k for k in kept if alike[index, k] >= TWICE_IOU]
        if twice and not (confirmed[index] and all(confirmed[k] for k in twice)):
            band[index] = MERGED
        elif band[index] == BOX:
            kept.append(index)
