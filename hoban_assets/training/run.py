"""What every trainer does: begin a run's folder, explain how it failed, read what it left."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pandas as pd

from hoban_assets.errors import HobanError
from hoban_assets.training.metrics import read_metrics
from hoban_assets.training.plan import TrainingPlan, yolo_command

COMMAND = "command.txt"
"""In a run folder: the same training by hand, with Ultralytics alone."""
PLAN = "plan.json"
FAILED = "failed.json"
WORKER = Path(__file__).parents[1] / "workers" / "yolo_train.py"
AGAIN = "materialise this model again; it goes on after its last whole epoch"


@dataclass(frozen=True)
class TrainingResult:
    """What a finished run left. `metrics` has the columns of `training.metrics.COLUMNS`."""

    run_dir: Path
    metrics: pd.DataFrame
    best_epoch: int
    """Epoch (from 1) that best.pt is of, and whose number the final evaluation carries."""
    epochs: int
    """Epochs trained in total; fewer than planned where patience ended the training."""
    pictures: tuple[Path, ...]
    command: str
    resumed: tuple[int, ...] = ()
    """Epochs after which it was stopped and went on as another training than it would have been
    (workers/yolo_moment.py says where that cannot be helped); none where it went on exactly."""

    @property
    def best(self) -> Path:
        """The weights to serve."""
        return self.run_dir / "best.pt"


@contextmanager
def running(plan: TrainingPlan) -> Iterator[None]:
    """Wrap the worker of a run: before it the run folder is made, a failure gets its reason.

    Raises:
        HobanError: the worker gave a reason (out of memory, counts that differ, ...), was killed,
            or was lost with its node.
        dg.Failure: the worker ended without one; its last lines are in the message.
    """
    plan.run_dir.mkdir(parents=True, exist_ok=True)
    failed = plan.run_dir / FAILED
    failed.unlink(missing_ok=True)
    (plan.run_dir / PLAN).write_text(json.dumps(plan.as_json(), indent=2), encoding="utf-8")
    (plan.run_dir / COMMAND).write_text(yolo_command(plan) + "\n", encoding="utf-8")
    try:
        yield
    except dg.Failure as error:
        if failed.is_file():  # the worker's own words say more than "exit code 1"
            raise HobanError(**json.loads(failed.read_text(encoding="utf-8"))) from error
        code = error.metadata.get("exit_code")
        if code is None:  # lost with its node, or stopped by somebody in the cluster
            raise HobanError(str(error.description), AGAIN) from None
        if code.value == -signal.SIGKILL:
            raise HobanError(
                f"the training in {plan.run_dir} was killed: the machine ran out of memory, or "
                "somebody ended it",
                f"lower HOBAN_WORKERS or HOBAN_BATCH and {AGAIN}",
            ) from error
        raise


def read_result(plan: TrainingPlan) -> TrainingResult:
    """Result of a finished run.

    Raises:
        HobanError: the run is not finished.
    """
    marker = plan.run_dir / "finished.json"
    if not marker.is_file():
        raise HobanError(
            f"the training in {plan.run_dir} is not finished", "materialise this model again"
        )
    finished = json.loads(marker.read_text(encoding="utf-8"))
    return TrainingResult(
        run_dir=plan.run_dir,
        metrics=read_metrics(plan.run_dir / "metrics.jsonl"),
        best_epoch=finished["best_epoch"],
        epochs=finished["epochs"],
        pictures=tuple(plan.run_dir / name for name in finished["pictures"]),
        command=yolo_command(plan),
        resumed=tuple(finished.get("resumed", ())),
    )
