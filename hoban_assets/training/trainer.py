"""Where a model trains: one contract, and who fulfils it for a partition."""

from __future__ import annotations

from typing import Protocol

from hoban_assets.errors import HobanError
from hoban_assets.external import Context
from hoban_assets.on_ray.cluster import PLACES, runs_on_ray
from hoban_assets.settings import Settings
from hoban_assets.training.local import LocalTrainer
from hoban_assets.training.on_ray import RayTrainer
from hoban_assets.training.plan import TrainingPlan
from hoban_assets.training.run import TrainingResult


class Trainer(Protocol):
    """Brings the run of a plan to its end from wherever it stands."""

    def train(self, context: Context, plan: TrainingPlan) -> TrainingResult:
        """Train, resume, or find finished; log lines reach `context` while it runs.

        Raises:
            HobanError: what a user can fix.
            dg.Failure: anything else, with the worker's last lines.
        """
        ...


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
