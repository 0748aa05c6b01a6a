"""Trained models on the same pictures: which ones, and what came out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from hoban_assets.errors import HobanError
from hoban_assets.evaluation.comparing import Paired, paired, unseen
from hoban_assets.evaluation.detecting import Progress
from hoban_assets.evaluation.looking import look
from hoban_assets.evaluation.pictures import Pictures
from hoban_assets.evaluation.sets import published
from hoban_assets.evaluation.subjects import Subject
from hoban_assets.settings import Settings

Bars = Callable[[str], AbstractContextManager[Progress]]


def pictures_for(subjects: Sequence[Subject]) -> Pictures:
    """Return the val pictures of the models' datasets that none of them was trained on.

    Raises:
        HobanError: the dataset of a model is gone, or there is no such picture.
    """
    for subject in subjects:
        if subject.trained_on is None:
            raise HobanError(
                f"the dataset that {subject.name} was trained on is gone",
                f"materialise it and the model again, or take it out of the comparison "
                f"({subject.dataset or 'its name is not known'})",
            )
    trees = {s.trained_on: s.dataset for s in subjects if s.trained_on is not None}
    return unseen([published(tree, f"{name} (val)") for tree, name in trees.items()])


def hold_together(
    subjects: Sequence[Subject], pictures: Pictures, settings: Settings, bars: Bars
) -> tuple[Paired, ...]:
    """Hold every model against the first one on `pictures`; each looks at all of them.

    Raises:
        HobanError: a model or a picture cannot be read.
    """
    found = []
    for subject in subjects:
        with bars(subject.name) as bar:
            found.append((subject.name, *look(subject, pictures, settings, {}, bar)))
    name, base, size = found[0]
    return tuple(paired(pictures, (name, base), other[:2], size) for other in found[1:])
