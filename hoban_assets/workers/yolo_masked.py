"""Train with sources that label only their own classes: `partial_labels: mask` of a recipe.

The heads of YOLO have no objectness: each anchor answers each class with yes or no, and everything
that is no label counts as a no. Where a photograph's source does not label a class, and inside an
ignore region of it, such a no is not known, and here it does not count. What counts as before:
every yes, the box losses, and the sum by which the class loss is divided. And a no that follows
from a yes: the place that a label of `fallen` is assigned to shows no `person`, whoever labelled
the photograph, or nothing would ever tell the two apart.

`v8DetectionLoss` multiplies nothing into a no alone, but it has its binary cross entropy as an
attribute, `bce`, that is given scores and targets and returns losses one by one. That attribute is
replaced, in both heads, on the criterion of this process. Ultralytics takes the criterion off a
model before it saves it, so nothing of this is in a checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from ultralytics.utils.loss import E2ELoss, v8DetectionLoss
from ultralytics.utils.torch_utils import unwrap_model
from yolo_callbacks import is_first_rank  # type: ignore[import-not-found]
from yolo_fitness import EpochValidator  # type: ignore[import-not-found]
from yolo_follow import (  # type: ignore[import-not-found]
    UNLABELLED,
    Ending,
    follow_tiles,
    hook_is_gone,
)
from yolo_support import say  # type: ignore[import-not-found]
from yolo_tiles import Photographs, at_anchors  # type: ignore[import-not-found]


class PartialLabels:
    """Callbacks of a masked training; plain state, as it is pickled for the ranks of several GPUs.

    `facts`: file name -> `yolo_image_facts.ImageFacts`. `excludes`: see `yolo_image_facts`.
    """

    def __init__(self, facts: Mapping[str, Any], excludes: np.ndarray) -> None:
        """Take what the manifest says of each image, and what labels rule out."""
        self.facts, self.excludes = facts, excludes

    def callbacks(self) -> dict[str, Callable[[Any], None]]:
        """Event of Ultralytics -> what to do."""
        return {"on_pretrain_routine_end": self.install}

    def install(self, trainer: Any) -> None:
        """Hook into a trainer that is ready, before its loaders start their processes.

        Raises:
            Failure: this release of Ultralytics has no place for it, or an augmentation is not
                known.
        """
        model = unwrap_model(trainer.model)
        strides = tuple(int(s) for s in model.stride)
        photographs = Photographs(self.facts, len(trainer.data["names"]))
        for loader, scaled in (
            (trainer.train_loader, trainer.args.multi_scale > 0),
            (trainer.test_loader, False),
        ):
            follow_tiles(loader.dataset, photographs, Ending(strides, scaled))
            loader.collate_fn = partial(collate, loader.collate_fn)
            loader.reset()
        for each in (model, trainer.ema.ema):  # the second one makes the validation loss
            criterion = getattr(each, "criterion", None) or each.init_criterion()
            each.criterion = MaskedLoss(criterion, strides, self.excludes)
        probe(model)
        trainer.validator = EpochValidator(self.facts, trainer.validator, self.excludes)
        if is_first_rank():
            say(
                "partial labels: mask (a class is background only where the source labels it; the "
                "best epoch is that of the best label-aware mAP50-95)"
            )


def collate(stock: Callable[[list[dict[str, Any]]], dict[str, Any]], batch: Any) -> dict[str, Any]:
    """Make a batch as Ultralytics does; what is not labelled is stacked like the images."""
    unlabelled = [sample.pop(UNLABELLED) for sample in batch]
    made = stock(batch)
    kept = isinstance(unlabelled[0], torch.Tensor)
    made[UNLABELLED] = torch.stack(unlabelled) if kept else unlabelled
    return made


class Counted:
    """Binary cross entropy of which a 'no' counts only where `negatives` or a label says so.

    Wraps `BCEWithLogitsLoss(reduction="none")`. `negatives`: (images, anchors, classes) bool.
    """

    negatives: torch.Tensor

    def __init__(self, bce: Any, excludes: np.ndarray) -> None:
        """Take the stock one, and which classes a label rules out."""
        self.bce, self.ruled_out = bce, np.argwhere(excludes).tolist()

    def __call__(self, scores: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return the losses one by one; a factor of 1 leaves a loss and its gradient as it is."""
        counted: torch.Tensor = self.bce(scores, targets)
        positive = targets > 0
        known = self.negatives | positive
        for labelled, other in self.ruled_out:
            known[..., other] |= positive[..., labelled]
        return counted * known


class MaskedLoss:
    """A criterion of Ultralytics with both heads masked; for everything else it is that one."""

    def __init__(self, criterion: Any, strides: tuple[int, ...], excludes: np.ndarray) -> None:
        """Replace the `bce` of each head.

        Raises:
            Failure: `criterion` is none that is known.
        """
        self.criterion, self.strides = criterion, strides
        self.counted = []
        for head in heads_of(criterion):
            bce = getattr(head, "bce", None)
            if type(head) is not v8DetectionLoss or getattr(bce, "reduction", "") != "none":
                raise hook_is_gone(f"the loss {type(head).__name__} has no `bce` of single losses")
            head.bce = Counted(bce, excludes)
            self.counted.append(head.bce)
            self.nc = head.nc

    def __call__(self, preds: Any, batch: dict[str, Any]) -> Any:
        """Return what the criterion returns, of what counts."""
        bits = self._bits(batch).to(batch["img"].device)
        classes = torch.arange(self.nc, device=bits.device, dtype=bits.dtype)
        negatives = (bits[..., None] >> classes) & 1 == 0
        for counted in self.counted:
            counted.negatives = negatives
        try:
            return self.criterion(preds, batch)
        finally:
            for counted in self.counted:
                del counted.negatives  # or it would stay in the memory of the GPU

    def _bits(self, batch: dict[str, Any]) -> torch.Tensor:
        """(images, anchors) what is not labelled, at the size that the batch has now."""
        unlabelled = batch[UNLABELLED]
        if isinstance(unlabelled, torch.Tensor):
            return unlabelled
        height, width = batch["img"].shape[2:]
        bits = [
            at_anchors(canvas, height, width, self.strides, (h / height, w / width))
            for canvas, (h, w) in unlabelled
        ]
        return torch.from_numpy(np.stack(bits))

    def __getattr__(self, name: str) -> Any:
        """Be the criterion for everything else (its `update`, its gains)."""
        if name == "criterion" or name.startswith("__"):  # while it is being copied
            raise AttributeError(name)
        return getattr(self.criterion, name)


def probe(model: Any) -> None:
    """Check on made-up scores that a 'no' which must not count leaves the class loss at 0.

    Raises:
        Failure: it does not: `bce` is not what makes the class loss of this release.
    """
    loss, side = model.criterion, 2 * max(int(s) for s in model.stride)
    feats = [torch.zeros(1, 1, side // int(s), side // int(s)) for s in model.stride]
    count = sum(f.shape[2] * f.shape[3] for f in feats)
    device = next(model.parameters()).device
    feats = [f.to(device) for f in feats]
    batch = {
        "batch_idx": torch.zeros(0, device=device),
        "cls": torch.zeros(0, 1, device=device),
        "bboxes": torch.zeros(0, 4, device=device),
    }
    for counted, head in zip(loss.counted, heads_of(loss.criterion), strict=True):
        preds = {
            "boxes": torch.zeros(1, 4 * head.reg_max, count, device=device),
            "scores": torch.zeros(1, head.nc, count, device=device),
            "feats": feats,
        }
        found = []
        for known in (True, False):
            counted.negatives = torch.full((1, count, head.nc), known, device=device)
            with torch.no_grad():
                found.append(float(head.loss(preds, batch)[0][1]))
        del counted.negatives
        if not found[0] > 0 or found[1] != 0:
            raise hook_is_gone("its class loss does not come from `bce`")


def heads_of(criterion: Any) -> tuple[Any, ...]:
    """Return the losses of the heads: two for YOLO26, one for older models."""
    if isinstance(criterion, E2ELoss):
        return criterion.one2many, criterion.one2one
    return (criterion,)
