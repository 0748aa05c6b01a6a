"""Train as a job of a Ray cluster. The run folder is the same, so is all that lies in it."""

from __future__ import annotations

from pathlib import Path

from hoban_assets.external import Context
from hoban_assets.on_ray.worker import RayJob, run_worker_on_ray
from hoban_assets.settings import Settings
from hoban_assets.training.plan import TrainingPlan
from hoban_assets.training.run import PLAN, WORKER, TrainingResult, read_result, running


class RayTrainer:
    """The `Trainer` of the cluster at ``RAY_ADDRESS``."""

    def __init__(self, settings: Settings, gpus: int | None = None) -> None:
        """Ask for `gpus` of a node, default ``HOBAN_RAY_GPUS``."""
        self._settings = settings
        self._gpus = settings.ray_gpus if gpus is None else gpus

    def train(self, context: Context, plan: TrainingPlan) -> TrainingResult:
        """Train, resume, or find finished the run of `plan`, on a node of the cluster.

        A job that trains the same run already is joined. The plan's device should be what
        `trainer.device_of` says.

        Raises:
            HobanError: the cluster cannot, the worker gave a reason, or it was lost.
            dg.Failure: the worker ended without a reason; its last lines are in the message.
        """
        weights = Path(plan.weights)
        needs = [plan.run_dir / PLAN, plan.dataset_path / "data.yaml"]
        job = RayJob(
            address=self._settings.ray_address,
            gpus=self._gpus,
            needs=[*needs, weights] if weights.is_absolute() else needs,
            name=f"{plan.asset}-{plan.partition}-{plan.run_dir.name}",
            training=str(plan.run_dir),
        )
        with running(plan):
            run_worker_on_ray(
                context,
                job,
                python=self._settings.ray_python,
                script=WORKER,
                extras=plan.as_json(),
                cwd=plan.run_dir,
                stall_seconds=self._settings.stall_seconds,
            )
        return read_result(plan)
