"""Hooks into Ultralytics' augmentations: each moves the canvas of a sample as it moves the pixels.

See `yolo_tiles` for what a canvas is, and why it is none of the things that Ultralytics has.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from yolo_support import Failure  # type: ignore[import-not-found]
from yolo_tiles import (  # type: ignore[import-not-found]
    Blended,
    Mirrored,
    Pasted,
    Photographs,
    Warped,
    at_anchors,
)

CANVAS = "hoban_canvas"
"""Key of a sample, as long as it is augmented."""
UNLABELLED = "hoban_unlabelled"
"""Key of a finished sample: (anchors,) bits, bit c = class c is not labelled there."""
HANDLED = ("Mosaic", "RandomPerspective", "MixUp", "CutMix", "RandomFlip", "LetterBox", "Format")
IN_PLACE = ("RandomHSV",)
"""Augmentations that change colours and move nothing."""


@dataclass(frozen=True)
class Ending:
    """What becomes of the canvas of a finished sample.

    `strides` of the model's levels. `scaled`: the canvas is kept with its size (height, width), as
    the size of a batch is drawn later (`multi_scale`); else it is asked at the anchor points.
    """

    strides: tuple[int, ...]
    scaled: bool


def follow_tiles(dataset: Any, photographs: Photographs, ending: Ending) -> None:
    """Let every sample of a dataset of Ultralytics carry `UNLABELLED` from now on.

    Set on this dataset object, not on Ultralytics' classes: its transforms, and those that it will
    build when mosaic ends.

    Raises:
        Failure: an augmentation is switched on that moves pixels in a way that is not known here,
            or this release of Ultralytics has no place for a hook.
    """
    load, build = dataset.get_image_and_label, dataset.build_transforms
    dataset.get_image_and_label = partial(_load, load, photographs)
    dataset.build_transforms = partial(_build, build, ending)
    hook(dataset.transforms, ending)


def _load(load: Callable[[int], dict[str, Any]], photographs: Photographs, index: int) -> Any:
    label = load(index)
    label[CANVAS] = photographs.canvas(
        label["im_file"].rpartition(os.sep)[2], *label["img"].shape[:2]
    )
    return label


def _build(build: Callable[..., Any], ending: Ending, hyp: Any) -> Any:
    transforms = build(hyp)
    hook(transforms, ending)
    return transforms


def hook(transform: Any, ending: Ending) -> None:
    """Make an augmentation of Ultralytics, and those inside it, move the canvas of a sample too.

    Every one of them calls ``apply_semantic(labels, params)`` after it has moved the pixels, with
    the numbers that moved them.
    """
    kind = type(transform).__name__
    if kind == "Compose":
        for each in transform.transforms:
            hook(each, ending)
    elif kind in HANDLED:
        if getattr(transform, "pre_transform", None) is not None:
            hook(transform.pre_transform, ending)
        if "apply_semantic" not in type(transform).__call__.__code__.co_names:
            raise hook_is_gone(f"{kind}.__call__ does not call apply_semantic")
        if not isinstance(transform.apply_semantic, partial):  # shared with another one
            move = partial(_finish, ending) if kind == "Format" else _MOVES[kind]
            transform.apply_semantic = partial(_follow, move, transform, transform.apply_semantic)
    elif kind not in IN_PLACE and not _is_off(kind, transform):
        raise Failure(
            f"partial_labels: mask does not know how the augmentation {kind} moves a photograph",
            "switch that augmentation off, or set partial_labels: naive in the recipe",
        )


def hook_is_gone(what: str) -> Failure:
    """Say that this release of Ultralytics cannot be trained with a mask."""
    import ultralytics

    return Failure(
        "partial_labels: mask cannot be trained with Ultralytics "
        f"{ultralytics.__version__}: {what}",
        "install the release that this project pins (constraints/), or set partial_labels: naive "
        "in the recipe",
    )


def _is_off(kind: str, transform: Any) -> bool:
    if kind == "CopyPaste":
        return not transform.p
    return kind == "Albumentations" and (
        transform.transform is None or not transform.contains_spatial
    )


def _follow(move: Any, transform: Any, then: Any, labels: dict[str, Any], params: Any) -> Any:
    if CANVAS in labels:  # a stock run of the same transforms has none
        move(transform, labels, params)
    return then(labels, params)


def _mosaic(transform: Any, labels: dict[str, Any], params: dict[str, Any]) -> None:
    tiles = []
    for item in params["layout"]:
        whole = transform.n != 4
        names = ("x1", "y1", "x2", "y2") if whole else ("x1a", "y1a", "x2a", "y2a")
        shift = transform.border if whole else (0, 0)  # nine tiles are cropped to the middle
        shown = [item[name] + shift[index % 2] for index, name in enumerate(names)]
        origin = item["padw"] + shift[0], item["padh"] + shift[1]
        tiles.append((shown, origin, item["labels_patch"][CANVAS]))
    labels[CANVAS] = Pasted(tiles)


def _perspective(transform: Any, labels: dict[str, Any], params: dict[str, Any]) -> None:
    labels[CANVAS] = Warped(labels[CANVAS], params["M"], params["size"])


def _mixup(transform: Any, labels: dict[str, Any], params: dict[str, Any]) -> None:
    labels[CANVAS] = Blended(labels[CANVAS], params["mix_labels"][0][CANVAS])


def _cutmix(transform: Any, labels: dict[str, Any], params: dict[str, Any]) -> None:
    if not params.get("skip"):
        whole = (0, 0, params["w"], params["h"])
        area = params["area"].astype(np.int32)
        over = (area, (0, 0), params["mix_labels"][0][CANVAS])
        labels[CANVAS] = Pasted([(whole, (0, 0), labels[CANVAS]), over])


def _flip(transform: Any, labels: dict[str, Any], params: dict[str, Any]) -> None:
    if params["flip"]:
        height, width = labels["img"].shape[:2]  # those of params are 1 where boxes are shares
        sideways = params["direction"] == "horizontal"
        size = (width, None) if sideways else (None, height)
        labels[CANVAS] = Mirrored(labels[CANVAS], *size)


def _letterbox(transform: Any, labels: dict[str, Any], params: dict[str, Any]) -> None:
    (height, width), (new_width, new_height) = params["orig_shape"], params["new_unpad"]
    matrix = np.diag([new_width / width, new_height / height, 1.0])
    matrix[:2, 2] = params["left"], params["top"]
    labels[CANVAS] = Warped(labels[CANVAS], matrix, labels["img"].shape[1::-1])


_MOVES = {
    "Mosaic": _mosaic,
    "RandomPerspective": _perspective,
    "MixUp": _mixup,
    "CutMix": _cutmix,
    "RandomFlip": _flip,
    "LetterBox": _letterbox,
}


def _finish(ending: Ending, transform: Any, labels: dict[str, Any], params: Any) -> None:
    canvas, size = labels.pop(CANVAS), (params["h"], params["w"])
    labels[UNLABELLED] = (canvas, size)
    if not ending.scaled:
        bits = at_anchors(canvas, *size, ending.strides)
        labels[UNLABELLED] = torch.from_numpy(bits)
