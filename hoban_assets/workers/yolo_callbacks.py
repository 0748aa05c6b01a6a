"""What `yolo_train` does while Ultralytics trains: count, log one line an epoch, keep.

In a module of its own, and of plain state: with several GPUs Ultralytics pickles the callbacks
and runs them in the ranks.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from yolo_support import Failure, RunFolder, say  # type: ignore[import-not-found]

SHOWN = 5
"""Images named in a message about counts."""
ALL = "all"
METRICS = ("precision", "recall", "mAP50", "mAP50-95")


class Recorder:
    """Callbacks of one training. `manifest` maps split -> image name -> number of boxes."""

    def __init__(
        self,
        run_dir: Path,
        expected: dict[str, dict[str, int]],
        manifest: dict[str, dict[str, int]],
        state: dict[str, Any],
        moment: Any,
    ) -> None:
        """Start at the beginning, or after the `state` of an interrupted run.

        `moment` (`yolo_moment.Moment`) keeps what a checkpoint lacks.
        """
        self.run_dir = run_dir
        self.expected = expected
        self.manifest = manifest
        self.moment = moment
        self.best_epoch = state.get("best_epoch", 0)
        self.resumed = state.get("resumed", [])
        self.in_epoch = False
        self.seconds: list[float] = []

    def callbacks(self) -> dict[str, Callable[[Any], None]]:
        """Event of Ultralytics -> what to do."""
        return {
            "on_pretrain_routine_end": self.count,
            "on_train_epoch_start": self.begin_epoch,
            "on_model_save": self.keep,
            "on_fit_epoch_end": self.log,
        }

    def count(self, trainer: Any) -> None:
        """Compare what Ultralytics found on disk with the manifest, before the first epoch.

        It drops whole images (a class id or a coordinate out of range) and single rows
        (duplicates) with no more than a line in its log.

        Raises:
            Failure: images or boxes differ, with the numbers and the first images.
        """
        for split, loader in (("train", trainer.train_loader), ("val", trainer.test_loader)):
            labels = loader.dataset.labels
            seen = {Path(label["im_file"]).name: len(label["cls"]) for label in labels}
            found = {"images": len(labels), "boxes": sum(seen.values())}
            differs = _differences(seen, self.manifest[split])
            if found != self.expected[split] or differs:
                failure = Failure(
                    _mismatch(split, found, self.expected[split], differs, trainer.data),
                    "materialise the dataset again (its files changed, or its rows are not what "
                    "Ultralytics accepts)",
                )
                RunFolder(self.run_dir).report(failure)  # a rank of DDP cannot tell otherwise
                raise failure
            if is_first_rank():
                say(f"{split}: {found['images']:,} images, {found['boxes']:,} boxes, as published")

    def begin_epoch(self, trainer: Any) -> None:
        """Mark the epoch as running: on_fit_epoch_end comes once more, after the last epoch."""
        self.in_epoch = True
        # Ultralytics would halve the batch when memory runs out, and train something else than
        # what the run key says. With its three tries used up it raises.
        trainer._oom_retries = 3  # noqa: SLF001

    def keep(self, trainer: Any) -> None:
        """Write metrics, then what to resume from, then which epoch it is: a kill is harmless."""
        run, epoch = RunFolder(self.run_dir), trainer.epoch + 1
        is_best = trainer.best_fitness == trainer.fitness
        self.best_epoch = epoch if is_best else self.best_epoch
        run.append(epoch_rows(trainer, epoch))
        if hasattr(trainer.validator, "epoch_rows"):  # label-aware figures of a masked training
            run.append(trainer.validator.epoch_rows(epoch))
        self.moment.save(trainer, run.moment(epoch))
        run.keep(
            {
                "epoch": epoch,
                "best_epoch": self.best_epoch,
                "stop": bool(trainer.stop),
                "resumed": self.resumed,
            }
        )

    def log(self, trainer: Any) -> None:
        """Log the line of the epoch."""
        if not self.in_epoch or not is_first_rank():
            return
        self.in_epoch = False
        self.seconds.append(trainer.epoch_time)
        left = (trainer.epochs - trainer.epoch - 1) * sum(self.seconds) / len(self.seconds)
        value = {
            key.removesuffix("(B)").rpartition("/")[2]: v for key, v in trainer.metrics.items()
        }
        losses = " ".join(
            f"{name.removesuffix('_loss')} {float(v):.3g}" for name, v in trainer.tloss.items()
        )
        fair = getattr(trainer.validator, "fair_metrics", None)
        aware = "" if fair is None else f"label-aware {fair.fitness:.3f}  "
        say(
            f"epoch {trainer.epoch + 1}/{trainer.epochs}  mAP50 {value['mAP50']:.3f}  "
            f"mAP50-95 {value['mAP50-95']:.3f}  {aware}P {value['precision']:.2f} "
            f"R {value['recall']:.2f}  {losses}  {trainer.epoch_time:.1f} s, "
            f"{'done' if trainer.stop else duration(left) + ' left'}"
        )


def epoch_rows(trainer: Any, epoch: int) -> Iterator[dict[str, Any]]:
    """Rows of metrics.jsonl of one epoch: losses, learning rate, fitness, metrics per class."""

    def row(split: str, metric: str, value: float, name: str = ALL) -> dict[str, Any]:
        return metric_row(epoch, split, ALL, name, metric, value)

    for name, value in trainer.tloss.items():
        yield row("train", name, float(value))
    yield row("train", "lr", trainer.lr["lr/pg0"])
    yield row("val", "fitness", float(trainer.fitness))
    for key, value in trainer.metrics.items():
        yield row("val", _plain(key), value)
    yield from class_rows(trainer.validator.metrics, epoch, "val")


def class_rows(metrics: Any, epoch: int, split: str, source: str = ALL) -> Iterator[dict[str, Any]]:
    """Rows of each class that has a label; the others are missing, not zero."""
    for index, class_id in enumerate(metrics.ap_class_index):
        name = metrics.names[class_id]
        for metric, value in zip(METRICS, metrics.class_result(index), strict=True):
            yield metric_row(epoch, split, source, name, metric, value)


def metric_row(
    epoch: int, split: str, source: str, class_name: str, metric: str, value: float
) -> dict[str, Any]:
    """One line of metrics.jsonl. A value that is not finite is written as null."""
    number = float(value)
    return {
        "epoch": epoch,
        "split": split,
        "source": source,
        "class_name": class_name,
        "metric": metric,
        "value": number if math.isfinite(number) else None,
    }


def duration(seconds: float) -> str:
    """Return 42 s, 5.5 min or 3.1 h."""
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def is_first_rank() -> bool:
    """True in a training of one process, and in the rank of DDP that has the metrics."""
    return int(os.environ.get("RANK", "-1")) <= 0


def _plain(key: str) -> str:
    """Turn metrics/mAP50(B) into mAP50 and val/box_loss into box_loss."""
    return key.removesuffix("(B)").rpartition("/")[2]


def _differences(seen: dict[str, int], wanted: dict[str, int]) -> list[tuple[str, str]]:
    """(image, what differs), sorted by image name."""
    return [
        (
            name,
            "not published"
            if name not in wanted
            else f"dropped, with {wanted[name]} boxes"
            if name not in seen
            else f"{seen[name]} boxes instead of {wanted[name]}",
        )
        for name in sorted(seen.keys() | wanted.keys())
        if seen.get(name) != wanted.get(name)
    ]


def _mismatch(
    split: str,
    found: dict[str, int],
    expected: dict[str, int],
    differs: list[tuple[str, str]],
    data: dict[str, Any],
) -> str:
    first = "; ".join(
        f"{name}: {what}{_reason(Path(data[split]) / name, len(data['names']))}"
        for name, what in differs[:SHOWN]
    )
    return (
        f"Ultralytics sees {found['images']:,} images and {found['boxes']:,} boxes in {split}, "
        f"but {expected['images']:,} images and {expected['boxes']:,} boxes were published; "
        f"{len(differs):,} images differ ({first or 'the manifest itself has other counts'})"
    )


def _reason(image: Path, classes: int) -> str:
    """Ask Ultralytics why, as it says so only in a log that is switched off."""
    from ultralytics.data.utils import img2label_paths, verify_image_label

    if not image.is_file():
        return " (the image file is gone)"
    label = img2label_paths([str(image)])[0]
    if not Path(label).is_file():
        return " (the label file is gone)"
    text = verify_image_label((str(image), label, "", False, classes, 0, 0, False))[-1]
    return f" ({text.rpartition(f'{image}: ')[2]})" if text else ""
