"""What of one training can be chosen in the launchpad, for this run alone."""

import re
from enum import Enum
from typing import Any

import dagster as dg
from pydantic import Field

from hoban_assets.errors import HobanError

DECIDE = ("epochs", "batch", "image_size", "weights")
"""Fields that decide the result: with another value it is another training, in a folder of its
own, and it becomes the model of this partition until the next build without them."""
_LEAST = {"gpus": 0, "workers": 0, "epochs": 1, "batch": 1, "image_size": 32}
_DEVICE = re.compile(r"cpu|mps|\d+(,\d+)*")


class Place(Enum):
    """Where a training runs."""

    local = "local"
    ray = "ray"
    auto = "auto"
    settings = "settings"


class TrainingConfig(dg.Config):
    """Choices for this run; what is left away comes from the settings, as always."""

    # Not None: the launchpad writes down defaults that have a value, and one of them shows where
    # the others belong.
    trainer: Place = Field(
        Place.settings,
        description="local: a process of this machine; ray: the cluster at RAY_ADDRESS; auto: the "
        "cluster where there is an address; settings: as HOBAN_TRAINER_SUB / HOBAN_TRAINER_FULL "
        "say. Does not change the result.",
    )
    gpus: int | None = Field(
        None,
        description="GPUs of one machine: the first so many of this one, or so many that Ray "
        "finds free. Default: one GPU if there is one; on Ray HOBAN_RAY_GPUS.",
    )
    device: str | None = Field(
        None,
        description="cpu, 0, or 0,1 (instead of gpus). Default on this machine: HOBAN_DEVICE.",
    )
    workers: int | None = Field(
        None, description="Processes that load images. Default: 8, or one a processor."
    )
    epochs: int | None = Field(
        None,
        description="DECIDES THE RESULT. Default: HOBAN_EPOCHS_SUB / HOBAN_EPOCHS_FULL.",
    )
    batch: int | None = Field(
        None,
        description="DECIDES THE RESULT. Images a step over all GPUs; less where memory runs "
        "out. Default: HOBAN_BATCH.",
    )
    image_size: int | None = Field(
        None,
        description="DECIDES THE RESULT. Pixels of the long side. Default: HOBAN_IMAGE_SIZE.",
    )
    weights: str | None = Field(
        None,
        description="DECIDES THE RESULT. What it starts from: a .pt, or a .yaml for from scratch. "
        "Default: HOBAN_WEIGHTS.",
    )

    def choices(self) -> dict[str, Any]:
        """Fields of `training.plan.plan_training` that were chosen.

        Raises:
            HobanError: a value that cannot be meant, by the name of its field.
        """
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if value is not None and value < least:
                raise HobanError(
                    f"{name}: {value} in the launchpad",
                    f"give {least} or more, or leave it away to take what the settings say",
                )
        if self.device and not _DEVICE.fullmatch(self.device):
            raise HobanError(f"device: {self.device!r} in the launchpad", "give cpu, 0, or 0,1")
        names = ("workers", *DECIDE)
        return {n: value for n in names if (value := getattr(self, n)) is not None}

    @property
    def place(self) -> str | None:
        """Name of the trainer that was chosen; None: as the settings say."""
        return None if self.trainer is Place.settings else self.trainer.value

    def decides(self) -> dict[str, Any]:
        """What was chosen of the fields that decide the result."""
        return {name: value for name, value in self.choices().items() if name in DECIDE}
