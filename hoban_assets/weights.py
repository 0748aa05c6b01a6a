"""Where a training starts from: weights are found, checked and known by content."""

from __future__ import annotations

import importlib.util
import os
import re
import zipfile
from pathlib import Path

import xxhash

from hoban_assets.errors import HobanError
from hoban_assets.settings import home_of


def resolve_weights(weights: str, data_root: Path, checkout: Path | None = None) -> Path | str:
    """Find what a training starts from. Nothing is ever downloaded.

    A .pt (or a .yaml that is a file) is looked up as given where absolute, else under
    ``<data_root>/weights``, then in `checkout` (default: `settings.home_of`). Any other
    .yaml must be a model that Ultralytics ships.

    Raises:
        HobanError: it is nowhere, or no checkpoint of PyTorch (half a download, an error page).
    """
    if not weights.endswith((".pt", ".yaml")):
        raise HobanError(
            f"HOBAN_WEIGHTS={weights!r} is no model",
            "name a .pt file, or a .yaml such as yolo26n.yaml to train from scratch",
        )
    base = checkout or home_of(os.environ)
    places = [data_root / "weights" / weights, base / weights]  # an absolute path stays itself
    for place in places:
        if place.is_file():
            return checked(place.absolute()) if weights.endswith(".pt") else place.absolute()
    if weights.endswith(".yaml") and _ships(weights):
        return weights
    looked = ", ".join(dict.fromkeys(map(str, places)))
    raise HobanError(
        f"weights {weights} are not there (looked for {looked})",
        f"put the file at {places[0]} (nothing is downloaded), or set HOBAN_WEIGHTS to its path, "
        "or to yolo26n.yaml to train from scratch",
    )


def weights_hash(weights: Path | str) -> str:
    """Content hash of a file (xxh3-128), or the name of a model that Ultralytics ships."""
    if isinstance(weights, str):
        return weights
    digest = xxhash.xxh3_128()
    with weights.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _ships(name: str) -> bool:
    """Whether Ultralytics knows the model: yolo26n.yaml is yolo26.yaml at scale n."""
    spec = importlib.util.find_spec("ultralytics")  # finds, does not import
    if spec is None or spec.origin is None or "/" in name:
        return False
    models = Path(spec.origin).parent / "cfg" / "models"
    unscaled = re.sub(r"(\d+)([nslmx])(.+)?$", r"\1\3", name)  # as ultralytics.nn.tasks does
    return any(models.rglob(name)) or any(models.rglob(unscaled))


def checked(path: Path) -> Path:
    """Return the file where it may be a checkpoint: a zip with a pickle. Does not import torch.

    Raises:
        HobanError: it cannot be one.
    """
    way_out = "put the file there again, and compare its size with where it came from"
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            start = file.read(64).lstrip().lower()
        kind = (
            "is empty"
            if not start
            else "is a web page, not weights"
            if start.startswith((b"<!doctype", b"<html"))
            else "is no PyTorch checkpoint, or only a part of one"
        )
        raise HobanError(f"{path} {kind} ({path.stat().st_size:,} bytes)", way_out)
    with zipfile.ZipFile(path) as archive:
        if not any(name.endswith("data.pkl") for name in archive.namelist()):
            raise HobanError(f"{path} is a zip, but no PyTorch checkpoint", way_out)
    return path
