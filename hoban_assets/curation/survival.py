"""How much of each source a dataset keeps, and which rules took the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hoban_assets.language import Say, plain

if TYPE_CHECKING:  # commands read what was recorded, without pandas
    import pandas as pd

    from hoban_assets.curation.checks import Check
    from hoban_assets.samples import Samples

NAME = "sources_survive"
QUOTA = "over_quota"
"""The rule that chooses: what it leaves out was good, so it counts as survived."""
WAITS = "not_labelled_yet"
"""Photographs that a person is still to look at: they count neither as lost nor as there."""
_NO_LABEL = "no_label_left"
_UNKNOWN = "?"
"""Of images that no decision names: in a catalog that was made again from published trees."""
_MOST_REASONS = 3
RULES = {
    "area_too_small": "{n} below area.least",
    "area_too_large": "{n} above area.most",
    "area_outlier": "{n} from area.outlier on",
    "near_duplicate": "{n} near-duplicates",
    "crowded": "{n} above max_persons",
    "no_label_left": "{n} without a label",
    "copies_contradict": "{n} contradicting copies",
    "background_has_label": "{n} backgrounds with a label",
    "background_labelled_elsewhere": "{n} backgrounds labelled elsewhere",
    QUOTA: "{n} over the quota",
    _UNKNOWN: "{n} by rules that are not on record",
}
"""What a rule took, for the field of the recipe that decides it."""


@dataclass(frozen=True)
class Survival:
    """Images of one source."""

    source: str
    before: int
    """As the stages hand it over."""
    after: int
    """In the dataset."""
    lost: Mapping[str, int]
    """Rule -> images that it took."""

    @property
    def share(self) -> float:
        """Share that survives the rules, the quota apart; 1 where there was nothing."""
        survived = self.after + self.lost.get(QUOTA, 0)
        return survived / self.before if self.before else 1.0

    def said(self, say: Say) -> str:
        """``site_helmet 32 -> 1: 21 below area.least, 10 near-duplicates``."""
        first = f"{self.source} {self.before:,} -> {self.after:,}"
        told = self.reasons(say)
        return f"{first}: {told}" if told else first

    def reasons(self, say: Say) -> str:
        """``21 below area.least, 10 near-duplicates``; nothing where nothing was lost."""
        most = sorted(self.lost.items(), key=lambda item: -item[1])
        told = [
            say(RULES.get(rule, f"{{n}} {rule}"), n=f"{count:,}")
            for rule, count in most[:_MOST_REASONS]
        ]
        if rest := sum(count for _, count in most[_MOST_REASONS:]):
            told.append(say("{n} by other rules", n=f"{rest:,}"))
        return ", ".join(told)

    def numbers(self) -> dict[str, float]:
        """As numbers of a check, from which `survivals_of` makes it again."""
        told = {"before": self.before, "after": self.after, **self.lost}
        return {f"{self.source}/{name}": float(value) for name, value in told.items()}


def survivals(stages: Iterable[Samples], dataset: Samples) -> list[Survival]:
    """Compare what the stages of a dataset hold with the dataset; the worst source first."""
    import pandas as pd

    pool = pd.concat([s.images[["image_id", "source"]] for s in stages], ignore_index=True)
    waiting = dataset.decisions.image_id[dataset.decisions.rule == WAITS]
    pool = pool[~pool.image_id.isin(waiting)].reset_index(drop=True)
    kept = pool.image_id.isin(dataset.images.image_id)
    gone = pool[~kept]
    rules = gone.image_id.map(causes(dataset.decisions)).fillna(_UNKNOWN)
    found = []
    for source, before in pool.source.value_counts(sort=False).items():
        mine = (gone.source == source).to_numpy()
        lost = Counter(rules[mine].tolist())
        found.append(Survival(str(source), int(before), int(before) - int(mine.sum()), dict(lost)))
    return sorted(found, key=lambda s: (s.share, s.source))


def causes(decisions: pd.DataFrame) -> dict[str, str]:
    """The rule that took each image away.

    An image that no label was left on was taken by the rule that took most of its labels.
    """
    removed = decisions[decisions.images_removed > 0]
    rules = dict(zip(removed.image_id, removed.rule, strict=True))
    bare = {image for image, rule in rules.items() if rule == _NO_LABEL}
    of_boxes = decisions[decisions.image_id.isin(bare) & (decisions.rule != _NO_LABEL)]
    for image, mine in of_boxes.groupby("image_id", sort=False).rule:
        rules[str(image)] = str(mine.value_counts().index[0])
    return rules


def sources_survive(found: Sequence[Survival], least: float, say: Say = plain) -> Check:
    """Of every source at least the share `least` survives the rules of the recipe; a warning."""
    from hoban_assets.curation.checks import Check

    lost = [s for s in found if s.share < least]
    fine = say("of every source {least} or more survive the rules", least=f"{least:.0%}")
    text = "; ".join(s.said(say) for s in lost) or fine
    numbers = {name: value for s in found for name, value in s.numbers().items()}
    return Check(NAME, not lost, text, numbers=numbers)


def survivals_of(numbers: Mapping[str, float]) -> list[Survival]:
    """Make again what `sources_survive` recorded; empty for a dataset of an earlier release."""
    by_source: dict[str, dict[str, int]] = {}
    for name, value in numbers.items():
        source, _, what = name.rpartition("/")
        by_source.setdefault(source, {})[what] = int(value)
    return [
        Survival(source, told.pop("before"), told.pop("after"), told)
        for source, told in by_source.items()
    ]
