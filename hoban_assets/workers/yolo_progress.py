"""Progress inside an epoch: one line every half minute, as one epoch can take an hour on a CPU.

Like `yolo_callbacks` of plain state: with several GPUs Ultralytics pickles the callbacks and runs
them in the ranks. A run that is quick says nothing here: its epochs are lines enough.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from yolo_callbacks import duration  # type: ignore[import-not-found]
from yolo_support import say  # type: ignore[import-not-found]

EVERY_SECONDS = 30.0


class BatchProgress:
    """Callbacks that count batches of training and of validation, the epoch's and the last one."""

    def __init__(
        self, every_seconds: float = EVERY_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Say at most one line each `every_seconds`."""
        self.every_seconds = every_seconds
        self.clock = clock
        self.done = 0
        self.began = self.said = clock()

    def callbacks(self) -> dict[str, Callable[[Any], None]]:
        """Event of Ultralytics -> what to do. Trainer and validator each call those they know."""
        return {
            "on_train_epoch_start": self.begin,
            "on_train_batch_end": self.trained,
            "on_val_start": self.begin,
            "on_val_batch_end": self.validated,
        }

    def begin(self, caller: Any) -> None:
        """Count from here: an epoch begins, or a validation."""
        self.done = 0
        self.began = self.said = self.clock()

    def trained(self, trainer: Any) -> None:
        """Count a batch of training."""
        what = f"epoch {trainer.epoch + 1}/{trainer.epochs}"
        self._count(what, len(trainer.train_loader), trainer.batch_size, trainer.tloss)

    def validated(self, validator: Any) -> None:
        """Count a batch of validation. Each rank has its share of the images."""
        loader = validator.dataloader
        ranks = int(os.environ.get("WORLD_SIZE", "1"))
        self._count("validation", len(loader), ranks * (loader.batch_size or 1))

    def _count(
        self, what: str, batches: int, batch_size: int, losses: dict[str, Any] | None = None
    ) -> None:
        self.done += 1
        now = self.clock()
        if now - self.said < self.every_seconds or self.done >= batches or not _is_first_rank():
            return
        self.said = now
        rate = self.done / (now - self.began)
        # Reading a loss waits for the GPU, so they are read only when they are said.
        shown = "".join(
            f" {name.removesuffix('_loss')} {float(value):.3g}"
            for name, value in (losses or {}).items()
        )
        say(
            f"{what}: batch {self.done:,} of {batches:,}, {rate * batch_size:,.1f} images/s, "
            f"{duration((batches - self.done) / rate)} left {shown}".rstrip()
        )


def _is_first_rank() -> bool:
    """True in a training of one process, and in the rank of DDP that has the metrics."""
    return int(os.environ.get("RANK", "-1")) <= 0
