"""The types of a comparison of models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hoban_assets.reporting.diff.difference import Difference
from hoban_assets.reporting.diff.sides import Side
from hoban_assets.reporting.results.figures import ModelResults

if TYPE_CHECKING:
    from hoban_assets.ingredients import Change


@dataclass(frozen=True)
class Trained:
    """A trained model, its arguments, and the dataset it was trained on."""

    results: ModelResults
    arguments: Mapping[str, Any]
    dataset_recipe: Mapping[str, Any]
    data: Side | None
    """The dataset; None where its rows were pruned."""
    is_label_aware: bool
    evaluation: float | None = None
    """By which rules it was evaluated; None: by those of before they had a number."""

    @property
    def name(self) -> str:
        """The asset, ``model_v9``."""
        return self.results.model


@dataclass(frozen=True)
class Step:
    """How one AP50 moved."""

    class_name: str
    before: float
    after: float
    margin: float
    """What chance alone may move it by (see `figures.margin`)."""

    @property
    def difference(self) -> float:
        """After minus before."""
        return self.after - self.before

    @property
    def direction(self) -> str:
        """'better', 'worse', or 'same' where the difference is within the margin."""
        if abs(self.difference) < self.margin:
            return "same"
        return "better" if self.difference > 0 else "worse"


Remark = tuple[str, dict[str, Any]]
"""An English sentence and its values, for ``say``."""


@dataclass(frozen=True)
class Against:
    """One model compared with the first."""

    model: Trained
    overall: Step | None
    steps: tuple[Step, ...]
    """AP50 of each class that both have."""
    recipe: tuple[Change, ...] | None
    """Fields of the dataset's recipe, of this partition; None where one was not recorded."""
    training: tuple[Change, ...] | None
    data: Difference | None
    """None where rows of one of the datasets were pruned."""
    warnings: tuple[Remark, ...]


@dataclass(frozen=True)
class Comparison:
    """Two or more models of a partition (or one, which is compared with nothing)."""

    partition: str
    base: Trained
    others: tuple[Against, ...] = field(default=())

    @property
    def models(self) -> tuple[Trained, ...]:
        """All of them, the first one first."""
        return (self.base, *(other.model for other in self.others))

    @property
    def classes(self) -> tuple[str, ...]:
        """Every class that one of them was judged on, in the order of the ids."""
        names = [c.class_name for model in self.models for c in model.results.classes]
        return tuple(dict.fromkeys(names))
