"""Train in a process of this machine: one GPU, several GPUs (device '0,1'), or the CPU."""

from __future__ import annotations

import sys
from pathlib import Path

from hoban_assets.external import Context, run_worker
from hoban_assets.settings import Settings
from hoban_assets.training.plan import TrainingPlan
from hoban_assets.training.run import WORKER, TrainingResult, read_result, running


class LocalTrainer:
    """The `Trainer` of this machine."""

    def __init__(self, settings: Settings) -> None:
        """Take from `settings` when a silent worker is reported."""
        self._settings = settings

    def train(self, context: Context, plan: TrainingPlan) -> TrainingResult:
        """Train, resume, or find finished the run of `plan`, in a process of its own.

        Raises:
            HobanError: the worker gave a reason (out of memory, counts that differ, ...).
            dg.Failure: the worker ended without one; its last lines are in the message.
        """
        with running(plan):
            run_worker(
                context,
                python=Path(sys.executable),
                script=WORKER,
                extras=plan.as_json(),
                cwd=plan.run_dir,
                stall_seconds=self._settings.stall_seconds,
                way_out="make the environment again",
            )
        return read_result(plan)
