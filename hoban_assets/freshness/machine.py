"""What decides a model's weights and belongs to the machine, not to the version.

Epochs, image size, batch, nominal batch and the weights that a training starts from count: with
others of them other weights come out, so they are in the run key, and a model that was trained
with others than the settings of now is out of date. Device, loading processes, the place of the
training (here, Ray, a server) and all paths do not count: the same weights come out up to the
order of additions.

What was chosen for one run (in the launchpad, with ``--batch`` on the server, or anywhere but
here for a result that was handed in) is recorded as chosen. It is not compared with the settings:
somebody decided it, and no schedule trains it away. It is told as a remark.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hoban_assets.errors import HobanError
from hoban_assets.freshness.remembered import look_of, remembered
from hoban_assets.settings import Settings
from hoban_assets.weights import resolve_weights, weights_hash

MACHINE = ("epochs", "image_size", "batch", "nominal_batch", "weights")
"""Fields of a training plan that the settings give and that decide the weights."""


def machine_choices(settings: Settings, partition: str) -> dict[str, Any]:
    """Values of `MACHINE` as `settings` have them, but for the weights."""
    return {
        "epochs": settings.epochs[partition],
        "image_size": settings.image_size,
        "batch": settings.batch,
        "nominal_batch": settings.nominal_batch,
    }


def machine_of(settings: Settings, partition: str) -> dict[str, Any]:
    """Values of `MACHINE`; ``weights`` is their content hash, None where they are not here."""
    return {**machine_choices(settings, partition), "weights": _weights_now(settings)}


def _weights_now(settings: Settings) -> str | None:
    try:
        found = resolve_weights(settings.weights, settings.data_root)
    except HobanError:
        return None
    if not isinstance(found, Path):
        return found
    cache = settings.cache / "weights.json"
    return remembered(cache, str(found), {"look": look_of(found)}, lambda: weights_hash(found))
