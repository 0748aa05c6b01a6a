"""A recipe: everything that makes one dataset version, as typed fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from hoban_assets.asset_names import dataset_of, model_of
from hoban_assets.classes import CLASS_NAMES
from hoban_assets.curation.events import Rule
from hoban_assets.curation.quality import AreaLimits
from hoban_assets.curation.selection import ALL, Order, Unit
from hoban_assets.settings import PARTITIONS, SIMILAR
from hoban_assets.yolo import STRIDE

if TYPE_CHECKING:
    ClassName = str
else:
    ClassName = Literal[CLASS_NAMES]  # so that a wrong name is told the right ones

EARLIER = "earlier_versions"
"""Group of the assets and reports of versions that are kept to compare with."""
PartialLabels = Literal["mask", "naive"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PerPartition(_Strict):
    """A number for the laptop and one for the server."""

    sub: int = Field(ge=0)
    full: int = Field(ge=0)

    def of(self, partition: str) -> int:
        """The number of partition 'sub' or 'full'."""
        return int(getattr(self, partition))


class Quota(_Strict):
    """How many for the laptop and for the server; null: all that there are."""

    sub: int | None = Field(ge=0)
    full: int | None = Field(ge=0)

    def of(self, partition: str) -> int:
        """The number of partition 'sub' or 'full'; `ALL` where there is no limit."""
        number: int | None = getattr(self, partition)
        return ALL if number is None else number


class StageByPartition(_Strict):
    """A stage for the laptop and another for the server."""

    sub: str
    full: str


class Training(_Strict):
    """What of a training belongs to a version; size, batch and device belong to the machine."""

    patience: int = Field(30, ge=0, description="epochs without progress before it stops")
    lr0: float = Field(0.01, gt=0, description="first learning rate of SGD")
    seed: int = 0


class Recipe(_Strict):
    """One dataset version."""

    version: str = Field(
        pattern=r"^v\d+\w*$", description="names dataset_<version>, model_<version>"
    )
    description: str = Field(description="what this version is for, in one or two sentences")
    earlier: bool = Field(
        False, description="kept to compare with; in the UI folded away in a group of its own"
    )
    stages: tuple[str | StageByPartition, ...] = Field(
        min_length=1,
        description="stage assets, best first: the keep order among duplicates; one of them may "
        "be {sub: one, full: another}",
    )
    background: str | None = Field(None, description="stage asset whose images hold no object")
    backgrounds: Quota = Field(Quota(sub=0, full=0), description="how many of them; null: all")
    quota: Quota = Field(description="labels (or images) of each class; null: all")
    quota_unit: Unit = "boxes"
    order: Order = Field("hash", description="which images fill a quota first")
    area: Mapping[ClassName, AreaLimits] = Field(default_factory=dict)
    max_persons: int | None = Field(None, ge=1, description="persons on an image, at most")
    similarity: float = Field(
        SIMILAR, gt=0, le=1, description="of two images this similar only the better one stays"
    )
    duplicates: Rule = Field(
        "event",
        description="what makes two images this similar duplicates: the pictures alone (picture), "
        "or labels that agree as well (event); what only looks alike stays on one side of the "
        "split",
    )
    group_similarity: float = Field(
        0.85, gt=0, le=1, description="images this similar stay on one side of the split"
    )
    val_share: float = Field(0.1, gt=0, lt=0.5)
    prescale: int | PerPartition | None = Field(
        None,
        description="pixels of the long side that photographs are scaled to when published: the "
        "image size that the model is trained with; one number, or {sub: 0, full: 640}, 0 = as "
        "they are",
    )
    sources_survive: float = Field(
        0.1,
        ge=0,
        le=1,
        description="share of a source's images that the rules (the quota apart) must leave, else "
        "the dataset warns",
    )
    map50_gate: float = Field(0.9, gt=0, le=1, description="mAP50 below which a model warns")
    partial_labels: PartialLabels = Field(
        "naive",
        description="what a class that a photograph's source does not label is in training: mask "
        "(not known, so it does not count) or naive (background)",
    )
    training: Training = Field(default_factory=lambda: Training.model_validate({}))

    TELLS: ClassVar = ("description", "earlier", "sources_survive", "map50_gate")
    """Fields that decide neither rows nor weights: words, and when a check warns."""
    TRAINS: ClassVar = ("training", "partial_labels")
    """Fields that decide the model alone. All others decide the rows of the dataset."""

    @model_validator(mode="after")
    def _similarities_are_ordered(self) -> Recipe:
        if self.group_similarity > self.similarity:
            raise ValueError("group_similarity must not be above similarity")
        return self

    @field_validator("prescale")
    @classmethod
    def _is_an_image_size(cls, value: int | PerPartition | None) -> int | PerPartition | None:
        for size in (value.sub, value.full) if isinstance(value, PerPartition) else (value or 0,):
            if size < 0 or size % STRIDE:
                near = max(STRIDE, -(-size // STRIDE) * STRIDE)
                raise ValueError(
                    f"{size} is no image size of Ultralytics, which takes multiples of {STRIDE}: "
                    f"{near} would be one"
                )
        return value

    def prescale_of(self, partition: str) -> int | None:
        """Pixels that photographs of partition 'sub' or 'full' are scaled to; None: as they are."""
        asked = self.prescale
        return (asked.of(partition) if isinstance(asked, PerPartition) else asked) or None

    @property
    def dataset(self) -> str:
        """Name of the dataset asset."""
        return dataset_of(self.version)

    @property
    def model(self) -> str:
        """Name of the model asset."""
        return model_of(self.version)

    def group(self, usual: str) -> str:
        """Group of an asset of this version in the UI."""
        return EARLIER if self.earlier else usual

    @property
    def inputs(self) -> tuple[str, ...]:
        """Stage assets that the dataset is made from, in any partition."""
        return tuple(dict.fromkeys(n for p in PARTITIONS for n in self.inputs_of(p)))

    def inputs_of(self, partition: str) -> tuple[str, ...]:
        """Stage assets that the dataset of partition 'sub' or 'full' is made from, best first."""
        names = [s if isinstance(s, str) else str(getattr(s, partition)) for s in self.stages]
        return (*names, self.background) if self.background else tuple(names)

    def as_recipe(self) -> dict[str, Any]:
        """What decides the rows of the dataset: all but words, and what only the model uses."""
        return self.model_dump(mode="json", exclude={*self.TELLS, *self.TRAINS})

    def as_training(self) -> dict[str, Any]:
        """What decides the model beside its dataset and the machine, by names of a training plan.

        A field of `TRAINS` is taken field by field where it is an object.
        """
        found: dict[str, Any] = {}
        for name, value in self.model_dump(mode="json", include=set(self.TRAINS)).items():
            found |= value if isinstance(value, dict) else {name: value}
        return found
