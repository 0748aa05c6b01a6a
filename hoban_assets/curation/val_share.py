"""Which groups are val, so that every class has its share there: one deterministic choice.

A group is val where the hash of its id (0-1, evenly spread) is below the share asked for, 0.1.
Three rules correct that, none of which knows an earlier split:

1. *Large groups train.* One with more than `LARGEST` (a fifth) of what val should have, of all
   images, or of the labels or images of one of its classes, is no candidate. Where the others
   do not give a class its share, as it lives in a few groups, this limit is doubled for it.
2. *Thresholds.* Classes are settled one by one, scarce ones first; a group belongs to the scarcest
   of its classes. Where labels or images of a class end outside 0.9 to 1.1 times its share,
   the threshold of its groups is moved, along fixed steps, as little as possible; crowded groups
   (more labels per image than usual) and others may get different ones, as labels and images are
   two things to balance.
3. *Single groups.* Where no threshold does it, groups next to it, and the largest, move one by one.

**Guaranteed:** a group has one side; the result depends on the groups only, not on their order.
Labels and images of each class have 9 to 11 % in val wherever the three rules find a way, all
images too where the classes leave the choice (images without a label: 5 to 15 %); no group has more
than a fifth of the images of val while smaller ones can fill it.

**Stable, as far as that can be:** while every class is within its limits at the share asked for,
adding images moves none of the old ones. A class that is not has a threshold of its own, on fixed
steps, and keeps it until that one fits no longer; then it moves by whole steps, up to a fifth of
the val of that class. No rule that forgets can do better: where 9 to 11 % is a limit, some image is
the one that crosses it. `hoban_assets_tests/curation/test_val_share.py` measures how often.

**Not guaranteed:** a class of one or two groups stays in train; one of a few groups has the nearest
share that whole groups allow; val never takes more than half of the groups that it can choose from.
To choose groups exactly is a knapsack problem: rule 3 stops where no move or exchange of two among
the nearest groups helps.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

TOLERANCE = 0.1
"""A share may be this much, relative, off the one asked for: 9 to 11 % for 10 %."""
LOOSE = 0.5
"""The same for images without a label, of which a dataset has few: 5 to 15 %."""
LARGEST = 0.2 * (1 - TOLERANCE)
"""Of what val should have, a group has at most this much: a fifth where val is at its smallest."""
MOST = 0.5
"""Val takes no more than this of what it can choose from."""
STEP = 1.1
"""Thresholds are the share asked for times a power of this; even powers come first. Two of them
are as far apart as 9 and 11 %: so one of them mostly fits, and stays the one that fits."""
_MOST_STEPS, _NEAREST, _LARGE, _ROUNDS = 24, 24, 8, 12


class Sizes(NamedTuple):
    """What every group holds: labels and images of each class, and images.

    `labels` and `images` are ints [groups, classes], `all_images` int [groups]. The last class are
    images without a label, counted as one label each.
    """

    labels: np.ndarray
    images: np.ndarray
    all_images: np.ndarray


def is_within(part: float, whole: float, share: float, tolerance: float = TOLERANCE) -> bool:
    """Whether `part` is `share` of `whole` within `tolerance`."""
    return bool(_off(np.array([part]), whole, share, tolerance)[0] == 0)


def choose_val(sizes: Sizes, hashes: np.ndarray, share: float) -> np.ndarray:
    """Return which groups are val, bool [groups]; see the top of this module.

    Args:
        sizes: what each group holds.
        hashes: a number of 0 to 1 for each group, evenly spread and fixed.
        share: what val should have of everything, 0.1 for a tenth.
    """
    in_val = np.zeros(len(hashes), bool)
    if not len(hashes):
        return in_val
    weight = _weights(sizes)
    home, order = _homes(sizes)
    for place, column in enumerate(order):
        members = np.flatnonzero((home == column) & (weight < MOST))
        tolerance = LOOSE if place == len(order) - 1 else TOLERANCE
        settled = np.isin(home, order[: place + 1])
        turn = _Class(sizes, hashes, column, share, tolerance, in_val, settled)
        in_val[members] = _choice(turn, members, weight[members] / (LARGEST * share))
    return in_val


def _choice(turn: _Class, members: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Which `members` are val: of small ones alone where they do, else with larger ones.

    `weight` is the largest of a member's shares, in multiples of the limit of rule 1.
    """
    best, least = np.zeros(len(members), bool), np.inf
    for limit in 2.0 ** np.arange(np.ceil(np.log2(max(1, weight.max(initial=1)))) + 1):
        small = weight <= limit
        chosen, outside = turn.choose(members[small])
        if outside < least:
            best, least = np.zeros(len(members), bool), outside
            best[small] = chosen
        if least == 0:
            break
    return best


def _homes(sizes: Sizes) -> tuple[np.ndarray, list[int]]:
    """Class that each group is settled with, and the classes in order: scarce ones first.

    Totals count by powers of two, so that classes of much the same size do not change places as
    images are added. Images without a label come last.
    """
    total = sizes.labels.sum(axis=0)
    last = sizes.labels.shape[1] - 1
    order = sorted(
        range(last + 1), key=lambda c: (c == last, int(total[c]).bit_length() if c < last else 0, c)
    )
    return np.array(order)[(sizes.labels[:, order] > 0).argmax(axis=1)], order


def _weights(sizes: Sizes) -> np.ndarray:
    """The largest share that each group has, of all images or of one of its classes."""
    parts = np.hstack([sizes.labels, sizes.images, sizes.all_images[:, None]])
    return np.asarray((parts / np.maximum(parts.sum(axis=0), 1)).max(axis=1))


class _Class:
    """One class at its turn: its candidates, and what earlier classes have put into val."""

    def __init__(
        self,
        sizes: Sizes,
        hashes: np.ndarray,
        column: int,
        share: float,
        tolerance: float,
        in_val: np.ndarray,
        settled: np.ndarray,
    ) -> None:
        columns = (sizes.labels[:, column], sizes.images[:, column], sizes.all_images)
        table = np.column_stack(columns).astype(np.float64)
        self.whole = np.append(table[:, :2].sum(axis=0), table[settled, 2].sum())
        self.fixed = table[in_val].sum(axis=0)
        self.everything, self.all_hashes = table, hashes
        self.share, self.tolerance = share, tolerance

    def choose(self, candidates: np.ndarray) -> tuple[np.ndarray, float]:
        """Which candidates are val, by thresholds, else by single groups; and how far that is off.

        Half of the candidates at most, so that a class never leaves train.
        """
        self.table, self.hashes = self.everything[candidates], self.all_hashes[candidates]
        self.most = MOST * self.table[:, 1].sum() + self.fixed[1]
        if not len(candidates):
            return np.zeros(0, bool), np.inf
        in_val = self._by_thresholds()
        outside = self._outside_of(in_val)
        for _ in range(_ROUNDS if outside else 0):
            better = self._by_single_groups(in_val)
            if self._outside_of(better) >= outside:
                break
            in_val, outside = better, self._outside_of(better)
        return in_val, outside

    def _by_thresholds(self) -> np.ndarray:
        """Rule 2: thresholds of crowded and of other groups, moved as little as possible."""
        highest = int(np.ceil(np.log(1 / self.share) / np.log(STEP)))
        steps = np.arange(-_MOST_STEPS, highest + 1)
        thresholds = self.share * STEP**steps
        per_image = self.table[:, 0] / np.maximum(self.table[:, 1], 1)
        usual = self.whole[0] / max(1, self.whole[1])
        crowded = per_image > 2.0 ** np.round(np.log2(usual))
        sums = [self._below(thresholds, part) for part in (crowded, ~crowded)]
        parts = (sums[0][:, None] + sums[1][None, :]).reshape(-1, 3) + self.fixed
        odd = (steps != 0) + steps % 2  # every second step comes first, see `STEP`
        rough = odd[:, None] + odd[None, :]
        moved = np.abs(steps)[:, None] + np.abs(steps)[None, :]
        outside, all_outside = self._outside(parts), _off(parts[:, 2], self.whole[2], self.share)
        fits = outside == 0
        # All images count where a choice that suits the class suits them too.
        blocked = fits & (all_outside > 0) if (fits & (all_outside == 0)).any() else ~fits
        far = np.where(fits, 0.0, outside)
        best = np.lexsort((moved.ravel(), rough.ravel(), blocked, far))[0]
        high, low = np.divmod(best, len(steps))
        return self.hashes < np.where(crowded, thresholds[high], thresholds[low])

    def _below(self, thresholds: np.ndarray, part: np.ndarray) -> np.ndarray:
        order = np.argsort(self.hashes[part], kind="stable")
        sums = np.vstack([np.zeros(3), np.cumsum(self.table[part][order], axis=0)])
        return sums[np.searchsorted(self.hashes[part][order], thresholds)]

    def _by_single_groups(self, in_val: np.ndarray) -> np.ndarray:
        """Rule 3: the best move of one group, or of two."""
        distance = np.abs(self.hashes - self.share)
        sides = (np.flatnonzero(in_val), np.flatnonzero(~in_val))
        closest = [side[np.argsort(distance[side], kind="stable")][:_NEAREST] for side in sides]
        large = np.lexsort((self.hashes, -self.table[:, 1]))[:_LARGE]
        near = np.unique(np.concatenate([*closest, large]))
        change = self.table[near] * np.where(in_val[near], -1.0, 1.0)[:, None]
        first, second = np.triu_indices(len(near))
        pairs = change[first] + np.where((first == second)[:, None], 0.0, change[second])
        parts = in_val @ self.table + self.fixed + pairs
        outside = self._outside(parts)
        moved = distance[near][first] + np.where(first == second, 0.0, distance[near][second])
        best = np.lexsort((moved, first != second, outside))[0]
        better = in_val.copy()
        better[near[[first[best], second[best]]]] = ~in_val[near[[first[best], second[best]]]]
        return better

    def _outside_of(self, in_val: np.ndarray) -> float:
        return float(self._outside(in_val @ self.table + self.fixed)[0])

    def _outside(self, parts: np.ndarray) -> np.ndarray:
        """How far images and labels of the class are outside.

        Images weigh more: where large groups hold most labels, no share of the others gives val
        enough of them, and it does not take half of the images for it.
        """
        parts = np.atleast_2d(parts)
        labels, images = (
            _off(parts[:, i], self.whole[i], self.share, self.tolerance) for i in (0, 1)
        )
        return np.where(parts[:, 1] > self.most, np.inf, images + labels / 4)


def _off(part: np.ndarray, whole: float, share: float, tolerance: float = TOLERANCE) -> np.ndarray:
    """How far a share is outside the tolerance, as a logarithm; infinite for nothing at all."""
    low, high = (1 - tolerance) * share * whole, (1 + tolerance) * share * whole
    with np.errstate(divide="ignore"):
        logs = np.maximum(np.log(low) - np.log(part), np.log(part) - np.log(high))
    return np.where((part >= low - 1e-9) & (part <= high + 1e-9), 0.0, np.maximum(logs, 0.0))
