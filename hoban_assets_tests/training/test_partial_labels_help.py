"""What masks and completed labels win back: the proof in small, with the loss of a real training.

`make prove-partial-labels` asks the same of whole detectors. Here a detector is one linear layer
over places of photographs. Each of two sources labels one of two classes, both classes are on
both, and what a place looks like tells which source it is of: so a naive training learns that the
other source has none.
"""

from statistics import mean
from types import SimpleNamespace

import numpy as np
import pytest
from training_tools import WORKERS

NAIVE, MASKED, COMPLETED, FULL = "naive", "masked", "completed", "full"
SEEDS, PLACES, STEPS = (0, 1, 2), 4_000, 150
EMPTY = 0.15
"""Share of places that are verified background: it is all that shows a masked training where the
other source has nothing."""
BOX, IGNORE = 0.5, 0.15
"""Scores of the teacher, as in `curation.completion.limits.Limits`."""


@pytest.fixture(scope="module")
def recall_and_alarms(ultralytics):
    """(recall, false alarms a place) on places that no training saw, by way: means of seeds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(WORKERS))
        import yolo_masked

        each = [proof(yolo_masked.Counted, seed) for seed in SEEDS]
    return {way: [mean(found[way][i] for found in each) for i in (0, 1)] for way in each[0]}


def proof(counted, seed):
    import torch

    generator = torch.Generator().manual_seed(seed)

    def photographs():
        source, empty = (torch.rand(PLACES, 1, generator=generator) < s for s in (0.5, EMPTY))
        there = (torch.rand(PLACES, 2, generator=generator) < 0.2) & ~empty
        blurred = there + 0.2 * torch.randn(PLACES, 2, generator=generator)
        seen = torch.cat([blurred, source, torch.ones(PLACES, 1)], 1)
        known = torch.cat([source, ~source], 1) | empty
        return SimpleNamespace(there=there.float(), seen=seen, known=known)

    train, fresh = photographs(), photographs()
    known = train.known

    def trained(targets, negatives):
        layer = torch.zeros(4, 2, requires_grad=True)
        none_excluded = np.zeros((2, 2), bool)
        loss = counted(torch.nn.BCEWithLogitsLoss(reduction="none"), none_excluded)
        loss.negatives = negatives
        optimizer = torch.optim.Adam([layer], lr=0.3)
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss(train.seen @ layer, targets).sum().backward()
            optimizer.step()
        return layer.detach()

    labelled, everywhere = train.there * known, torch.ones_like(known)
    layers = {
        NAIVE: trained(labelled, everywhere),
        MASKED: trained(labelled, known),
        FULL: trained(train.there, everywhere),
    }
    taught = (train.seen @ layers[MASKED]).sigmoid()
    found = torch.where(known, labelled, (taught >= BOX).float())
    layers[COMPLETED] = trained(found, known | (taught < IGNORE))

    def judged(layer):
        confidence = chosen((train.seen @ layer).sigmoid(), train.there, known)
        sure = (fresh.seen @ layer).sigmoid() >= confidence
        right = (sure & fresh.there.bool()).sum() / fresh.there.sum()
        return float(right), float((sure & ~fresh.there.bool()).sum() / PLACES)

    return {way: judged(layer) for way, layer in layers.items()}


def chosen(scores, there, known):
    """Return the confidence of the best F1 of each class, where it is labelled: [2]."""
    import torch

    steps = torch.linspace(0.05, 0.95, 91)[:, None, None]
    sure, objects = (scores >= steps) & known, there.bool() & known
    right = (sure & objects).sum(1)
    f1 = 2 * right / (sure.sum(1) + objects.sum(0)).clamp(min=1)
    return steps[f1.argmax(0), 0, 0]


def closed(found, way):
    (naive, _), (full, _) = found[NAIVE], found[FULL]
    return (found[way][0] - naive) / (full - naive)


def test_naive_training_loses_recall(recall_and_alarms):
    assert recall_and_alarms[FULL][0] - recall_and_alarms[NAIVE][0] > 0.2


def test_a_mask_wins_back_half_of_it_and_completed_labels_nine_tenths(recall_and_alarms):
    assert closed(recall_and_alarms, MASKED) >= 0.5
    assert closed(recall_and_alarms, COMPLETED) >= 0.9


def test_false_alarms_are_not_a_third_more_than_with_full_labels(recall_and_alarms):
    for way in (MASKED, COMPLETED):
        assert recall_and_alarms[way][1] <= 1.3 * recall_and_alarms[FULL][1]
