"""A YOLO tree: ``data.yaml``, ``images/train``, ``labels/train``. It knows labels and no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from hoban_assets.classes import CLASS_IDS, CLASS_NAMES
from hoban_assets.corrections.rows import Box
from hoban_assets.exchange.pictures import Picture, Returned
from hoban_assets.files import save

FILE = "data.yaml"
IMAGES = "images/train"
LEFT_BEHIND = ("ignore", "complete", "reject")


def write(folder: Path, pictures: Sequence[Picture]) -> None:
    """Write label files and ``data.yaml`` into `folder`; ignore regions are left out."""
    labels = folder / "labels" / "train"
    labels.mkdir(parents=True)
    for picture in pictures:
        lines = [
            f"{CLASS_IDS[box.class_name]} {' '.join(map(repr, box[1:5]))}\n"
            for box in picture.boxes
            if not box.ignore
        ]
        (labels / f"{Path(picture.name).stem}.txt").write_text("".join(lines), encoding="utf-8")
    names = dict(enumerate(CLASS_NAMES))
    document = {"train": IMAGES, "val": IMAGES, "nc": len(names), "names": names}
    save(folder / FILE, yaml.safe_dump(document, allow_unicode=True, sort_keys=False))


def read(folder: Path) -> list[Returned]:
    """Read every label file below ``labels``, also those of other splits.

    A picture whose label file is gone is no empty picture: it is not in the answer.

    Raises:
        KeyError, TypeError, ValueError: ``data.yaml`` names no classes, or a row is none.
    """
    text = (folder / FILE).read_text(encoding="utf-8")
    names = _names(yaml.safe_load(text)["names"])
    found = sorted((folder / "labels").rglob("*.txt"))
    return [_returned(file, names) for file in found]


def _names(given: Any) -> Mapping[int, str]:
    pairs = given.items() if isinstance(given, Mapping) else enumerate(given)
    return {int(number): str(name) for number, name in pairs}


def _returned(file: Path, names: Mapping[int, str]) -> Returned:
    boxes, problem = [], ""
    for line in file.read_text(encoding="utf-8").splitlines():
        parts = line.split()
        if len(parts) == 5:
            x, y, w, h = (float(part) for part in parts[1:])
            boxes.append(Box(names.get(int(float(parts[0])), parts[0]), x, y, w, h))
        elif parts:
            problem = f"a row of {len(parts)} numbers is no box"
    return Returned(file.stem, tuple(boxes), problem=problem)
