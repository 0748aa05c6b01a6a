"""What a stage says about the completion of its labels: who teaches, and when it is believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.curation.completion.limits import Limits
from hoban_assets.formats.source import RawSource


@dataclass(frozen=True)
class Teacher:
    """Who finds the classes that a source does not label.

    One of `predictions`, `weights` and `model` is given. `classes` maps the teacher's own classes
    to those of this project (``{"person": "person"}`` for a COCO model); an own model needs none.
    """

    name: str
    classes: Mapping[str, str] = field(default_factory=dict)
    predictions: str = ""
    """File of predictions made elsewhere, in ``$HOBAN_DATA_ROOT/teachers`` or absolute: COCO
    results (a JSON list), or JSON lines (see `formats.predictions`)."""
    images: str = ""
    """For COCO results: the COCO file whose ``images`` and ``categories`` their ids mean."""
    weights: str = ""
    """A .pt or .onnx, in ``$HOBAN_DATA_ROOT/weights`` or absolute."""
    model: str = ""
    """A model of this platform: ``model_v10``, as it was trained last in the same partition."""
    scales: tuple[float, ...] = (1.0, 1.5)
    """Of `weights` and `model`: multiples of the image size at which it looks. Each votes, so
    that nothing is background that one of them sees."""

    def __post_init__(self) -> None:
        """Refuse a teacher that is nothing or two things, or a class that does not exist."""
        if sum(map(bool, (self.predictions, self.weights, self.model))) != 1:
            raise ValueError(f"teacher {self.name}: give one of predictions, weights and model")
        unknown = set(self.classes.values()) - set(CLASS_NAMES)
        if unknown:
            raise ValueError(f"teacher {self.name}: no class {', '.join(sorted(unknown))}")
        if not self.classes and not self.model:
            raise ValueError(f"teacher {self.name}: `classes` must map its classes to ours")
        if self.weights and not self.weights.endswith((".pt", ".onnx")):
            raise ValueError(f"teacher {self.name}: weights are a .pt or an .onnx")
        if not self.scales or min(self.scales) <= 0:
            raise ValueError(f"teacher {self.name}: scales must be above 0")

    @property
    def maps(self) -> dict[str, str]:
        """Its own class -> ours."""
        return dict(self.classes) or {name: name for name in CLASS_NAMES}


@dataclass(frozen=True)
class Completion:
    """How the labels of a stage are completed."""

    teachers: tuple[Teacher, ...]
    limits: Mapping[str, Limits] = field(default_factory=dict)
    """Of each class; of one that is not named, the defaults of `Limits`. They hold where nothing
    is chosen on `measured_on`."""
    measured_on: tuple[RawSource, ...] = ()
    """Sources that label a class which the teachers know completely, on photographs that no
    teacher has learned from: its limits are chosen there, by F-beta."""
    most: int = 30
    """Boxes of one class that a photograph can get; those of lower scores are ignore regions."""

    def __post_init__(self) -> None:
        """Refuse a completion without a teacher, or two teachers of one name."""
        names = [teacher.name for teacher in self.teachers]
        if not names or len(set(names)) < len(names):
            raise ValueError(f"complete: teachers need names of their own, not {names}")
        unknown = set(self.limits) - set(CLASS_NAMES)
        if unknown:
            raise ValueError(f"complete: limits of no class: {', '.join(sorted(unknown))}")

    @property
    def models(self) -> tuple[str, ...]:
        """Models of this platform that teach: assets that must be there before."""
        return tuple(teacher.model for teacher in self.teachers if teacher.model)

    @property
    def needs_gpu(self) -> bool:
        """Whether a network looks at photographs."""
        return any(not teacher.predictions for teacher in self.teachers)

    def limits_of(self, class_name: str) -> Limits:
        """Limits of a class as declared."""
        return self.limits.get(class_name, Limits())

    def as_recipe(self) -> dict[str, Any]:
        """What decides the rows that are added, as JSON."""
        return {
            "teachers": {t.name: asdict(t) | {"scales": list(t.scales)} for t in self.teachers},
            "limits": {name: asdict(self.limits_of(name)) for name in CLASS_NAMES},
            "measured_on": [source.name for source in self.measured_on],
            "most": self.most,
        }
