"""Where a model trains: one contract, and who fulfils it for a partition."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Protocol

from hoban_assets.errors import HobanError
from hoban_assets.external import Context, run_worker
from hoban_assets.on_ray.cluster import PLACES, runs_on_ray
from hoban_assets.on_ray.worker import RayJob, run_worker_on_ray
from hoban_assets.settings import Settings
from hoban_assets.training.plan import TrainingPlan
from hoban_assets.training.run import PLAN, WORKER, TrainingResult, read_result, running


class Trainer(Protocol):
    """Brings the run of a plan to its end from wherever it stands."""

    def train(self, context: Context, plan: TrainingPlan) -> TrainingResult:
        """Train, resume, or find finished; log lines reach `context` while it runs.

        Raises:
            HobanError: what a user can fix.
            dg.Failure: anything else, with the worker's last lines.
        """
        ...


class LocalTrainer:
    """The `Trainer` of this machine: one GPU, several (device '0,1'), or the CPU."""

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


class RayTrainer:
    """The `Trainer` of the cluster at ``RAY_ADDRESS``: a job there, in the same run folder."""

    def __init__(self, settings: Settings, gpus: int | None = None) -> None:
        """Ask for `gpus` of a node, default ``HOBAN_RAY_GPUS``."""
        self._settings = settings
        self._gpus = settings.ray_gpus if gpus is None else gpus

    def train(self, context: Context, plan: TrainingPlan) -> TrainingResult:
        """Train, resume, or find finished the run of `plan`, on a node of the cluster.

        A job that trains the same run already is joined. The plan's device should be what
        `device_of` says.

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


def choose_trainer(
    settings: Settings, partition: str, override: str | None = None, gpus: int | None = None
) -> Trainer:
    """Return the trainer of `partition`, or the one named ('local', 'ray', 'auto') instead.

    Raises:
        HobanError: the name is none, or the cluster was chosen and cannot be used from here.
    """
    choice = override or settings.trainer[partition]
    if choice not in PLACES:
        raise HobanError(f"trainer {choice!r} is not known", f"take one of {', '.join(PLACES)}")
    return RayTrainer(settings, gpus) if runs_on_ray(choice, settings) else LocalTrainer(settings)


def device_of(trainer: Trainer, settings: Settings, device: str | None, gpus: int | None) -> str:
    """Return Ultralytics' device for a training.

    One that was named for this run stays. Else `gpus` are numbered from 0: on Ray (there by
    default ``HOBAN_RAY_GPUS``) these are the ones that the job was given, whatever their numbers
    in the node, and a node whose GPU PyTorch cannot use fails instead of training for days on its
    processor. ``HOBAN_DEVICE`` speaks of this machine, so not of the cluster.

    Raises:
        HobanError: both a device and a number of GPUs were named.
    """
    if device and gpus is not None:
        raise HobanError(
            f"device {device!r} and gpus {gpus} are both given", "leave one of the two away"
        )
    if device:
        return device
    if gpus is None and isinstance(trainer, LocalTrainer):
        return settings.device
    count = settings.ray_gpus if gpus is None else gpus
    return ",".join(map(str, range(count))) or "cpu"
