"""Whether a training that was handed in is one: its files read, its figures possible, its key true.

Everything that anything here will ever read of it is read once before it gets a place: what fails
later would leave a model in the catalog that Dagster does not know.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NotRequired

import numpy as np
import pandas as pd
from PIL import Image
from pydantic import (
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveInt,
    TypeAdapter,
    ValidationError,
    with_config,
)
from typing_extensions import TypedDict

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.errors import HobanError
from hoban_assets.handoff.results.archive import Archive, Refused
from hoban_assets.handoff.results.manifest import (
    BEST,
    FINISHED,
    METRICS,
    TRAIN_AGAIN,
    Manifest,
    plan_of,
)
from hoban_assets.training.metrics import ALL, COUNTS, read_metrics, value_of
from hoban_assets.training.plan import run_key
from hoban_assets.weights import resolve_weights, weights_hash
from hoban_assets.workers.yolo_support import EVALUATION

_SHARES = r"(?:precision|recall|mAP50|mAP50-95|fitness)$"
_NUMBERS = rf"{COUNTS}|images$|labels$"
_MOST_PIXELS = 50_000_000
_MOST_TEXT = 64 << 20
_FACES = ("JPEG", "PNG")
_STRICT = ConfigDict(strict=True, allow_inf_nan=False)
_Name = Annotated[str, Field(pattern=r"^[^/\\\x00-\x1f]+$", max_length=255)]
_Share = Annotated[float, Field(ge=0, le=1)]


@with_config(_STRICT)
class _Finished(TypedDict):
    """``finished.json``."""

    epochs: PositiveInt
    best_epoch: PositiveInt
    pictures: list[_Name]
    resumed: NotRequired[list[PositiveInt]]


@with_config(_STRICT)
class _Box(TypedDict):
    """A box of ``worst_images.json``: x, y, width, height, centre, 0-1."""

    kind: Literal["right", "wrong", "not_found"]
    class_name: str
    confidence: _Share | None
    box: Annotated[list[float], Field(min_length=4, max_length=4)]


@with_config(_STRICT)
class _Worst(TypedDict):
    """An image of ``worst_images.json``."""

    name: _Name
    missed: NonNegativeInt
    false: NonNegativeInt
    confused: NonNegativeInt
    boxes: list[_Box]


_SHAPES: dict[str, TypeAdapter[Any]] = {
    FINISHED: TypeAdapter(_Finished),
    "worst_images.json": TypeAdapter(list[_Worst]),
    "curves.json": TypeAdapter(dict[str, Any]),
}


def must_be_whole(archive: Archive, manifest: Manifest, run: Path) -> None:
    """Refuse a run whose files are as packed, but which cannot be a finished training.

    Raises:
        Refused: naming the file and what is wrong with it.
    """
    try:
        finished = _finished(run, int(manifest.plan["arguments"]["epochs"]))
        _files(run, finished)
        figures = read_metrics(run / METRICS)
        _possible(figures, finished["epochs"])
        judged = value_of(figures, "mAP50", finished["best_epoch"])
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError, HobanError) as error:
        what = error.problem if isinstance(error, HobanError) else str(error)
        raise Refused(
            "the training in {file} is not whole: {what}",
            TRAIN_AGAIN,
            file=archive.path,
            what=what.replace(f"{run}/", ""),
        ) from error
    if judged is None:
        raise Refused(
            "the training in {file} was not evaluated: it has no label-aware mAP50 of its best "
            "epoch {epoch}",
            TRAIN_AGAIN,
            file=archive.path,
            epoch=finished["best_epoch"],
        )
    must_be_evaluated(archive, manifest, json.loads((run / FINISHED).read_bytes()))


def must_be_evaluated(archive: Archive, manifest: Manifest, finished: Mapping[str, Any]) -> None:
    """Refuse what would be evaluated here: weights of others are not run on this machine.

    Raises:
        Refused: its evaluation is an older or a newer one than that of this code.
    """
    found = finished.get("evaluation", 1)
    if found == EVALUATION and type(found) is int:
        return
    way_out = "update this checkout (git pull), then import it again"
    if isinstance(found, int) and found < EVALUATION:
        way_out = (
            "make the bundle again here (hoban bundle {dataset} --partition {partition}), move "
            "the folder runs/ of the old one on the server into it, and start its ./train.sh: it "
            "only evaluates again"
        )
    raise Refused(
        "{file} was evaluated by rules {found} of this project, and this code has rules {known}",
        way_out,
        file=archive.path,
        found=found,
        known=EVALUATION,
        dataset=manifest.dataset,
        partition=manifest.partition,
    )


def must_be_its_key(archive: Archive, manifest: Manifest, plan: Mapping[str, Any]) -> None:
    """Refuse a result under the key of another training: it would be taken for that one's.

    The key is of plan, dataset, weights and release of Ultralytics. Where the weights that it
    started from are not on this machine, it cannot be told.

    Args:
        archive: the archive.
        manifest: what it says of itself.
        plan: the same with paths of this machine.
    """
    weights = Path(plan["arguments"]["model"])
    if not weights.is_file() and weights.suffix == ".pt":
        return
    version = weights_hash(weights) if weights.is_file() else str(weights)
    release = manifest.made_with.get("ultralytics")
    keys = {
        run_key(plan_of(plan), manifest.dataset_version, version, ultralytics=each)
        for each in (None, release)
    }
    if manifest.run_key not in keys:
        raise Refused(
            "{file} says that it is run {key}, and its plan and weights ({weights}) make run "
            "{wanted}",
            "import it where its bundle was made, or train again with a bundle from here: hoban "
            "bundle {dataset} --partition {partition}",
            file=archive.path,
            key=manifest.run_key,
            weights=weights.name,
            wanted=min(keys),
            dataset=manifest.dataset,
            partition=manifest.partition,
        )


def _finished(run: Path, planned: int) -> _Finished:
    found: _Finished = _parsed(run / FINISHED)
    if not found["best_epoch"] <= found["epochs"] <= planned:
        raise ValueError(
            f"{FINISHED}: epochs do not fit (best {found['best_epoch']} of {found['epochs']}, "
            f"planned {planned})"
        )
    return found


def _files(run: Path, finished: _Finished) -> None:
    for name in finished["pictures"]:
        if not (run / name).is_file():
            raise ValueError(f"{FINISHED}: picture {name!r} is missing")
    for file in sorted(run.iterdir()):
        if file.suffix in (".png", ".jpg"):
            _must_decode(file)
        elif file.name in _SHAPES:
            _parsed(file)
        elif file.suffix == ".pt":
            resolve_weights(str(file), run)  # looks whether it is a checkpoint, without torch
    if (run / METRICS).stat().st_size > _MOST_TEXT:
        raise ValueError(f"{METRICS}: more than {_MOST_TEXT:,} bytes")
    resolve_weights(str(run / BEST), run)


def _must_decode(file: Path) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its size, which is judged here
            with Image.open(file, formats=_FACES) as picture:
                if picture.width * picture.height > _MOST_PIXELS:
                    raise ValueError(f"{picture.width} x {picture.height} pixels are too many")
                picture.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"{file.name} is no picture ({error})".replace(f"{file}", "")) from error


def _parsed(file: Path) -> Any:
    """Content of a JSON file, of the types that its readers here expect."""
    if file.stat().st_size > _MOST_TEXT:
        raise ValueError(f"{file.name}: more than {_MOST_TEXT:,} bytes")
    try:
        return _SHAPES[file.name].validate_json(file.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ValueError(f"{file.name}: {where} {first['msg']}".replace(":  ", ": ")) from error


def _possible(figures: pd.DataFrame, epochs: int) -> None:
    """Refuse figures that no evaluation gives; None (not a number there) is allowed."""
    texts = figures[["split", "source", "class_name", "metric"]]
    if not texts.map(lambda text: isinstance(text, str)).all(axis=None):
        raise ValueError(f"{METRICS}: a name in it is no text")
    value, metric = figures.value, figures.metric
    shares, numbers = metric.str.match(_SHARES), metric.str.match(_NUMBERS)
    known = {ALL, "background", *CLASS_NAMES}
    wrong: list[tuple[pd.Series, str]] = [
        (np.isinf(value), "is not finite"),
        (~figures.epoch.between(1, epochs), f"is of none of the {epochs} epochs"),
        (shares & ~value.isna() & ~value.between(0, 1), "is no share"),
        (numbers & ~value.isna() & ((value < 0) | (value % 1 != 0)), "is no number of things"),
        (~figures.class_name.isin(known), "is of no class of ours"),
    ]
    for rows, what in wrong:
        if rows.any():
            first = figures[rows].iloc[0]
            raise ValueError(
                f"{METRICS}: {first.metric} = {first.value:g} of {first.class_name!r} in epoch "
                f"{first.epoch} {what}"
            )
