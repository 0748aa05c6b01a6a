"""A YOLO tree: ``data.yaml``, ``images/train``, ``labels/train``. It knows labels and no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from hoban_assets.classes import CLASS_IDS, CLASS_NAMES
from hoban_assets.corrections.rows import Box
from hoban_assets.corrections.taking import Refused
from hoban_assets.errors import HobanError
from hoban_assets.exchange.pictures import Picture, Returned, each_returned
from hoban_assets.files import save
from hoban_assets.formats.class_names import read_class_names
from hoban_assets.formats.decoding import read_label, text_lines

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
    """Read every label file below a folder ``labels``: of all splits, in whichever order they lie.

    A picture whose label file is gone is no empty picture: it is not in the answer.

    Raises:
        HobanError: ``data.yaml`` names no classes, or announces another number of them.
        OSError, ValueError: a file is no text, or no regular file of the folder.
    """
    root = folder.resolve()
    if not (root / FILE).resolve().is_relative_to(root):
        raise ValueError(f"{FILE} is a link out of the folder")
    found = read_class_names(str(root), [FILE])
    if found.contradiction is not None:
        raise HobanError(
            f"{folder / FILE}: {found.announced} classes are announced (nc), "
            f"{len(found.names)} are named",
            "correct the one that is wrong, so that no class gets the name of its neighbour",
        )
    files = sorted(f for f in root.rglob("*.txt") if "labels" in f.relative_to(root).parts[:-1])
    return each_returned(files, lambda file: _returned(file, found.names, root), lambda f: f.stem)


def _returned(file: Path, names: Mapping[int, str], root: Path) -> Returned:
    """The text of a row is never told: what a link leads to is nobody's business."""
    if not file.resolve().is_relative_to(root):
        raise Refused("its label is a link out of the folder")
    boxes = []
    lines = text_lines(read_label(str(file)))
    if lines is None:
        raise Refused("its label is no text")
    for line in lines:
        parts = line.split()
        try:
            number, x, y, w, h = (float(part) for part in parts or (0,) * 5)
            place = int(number)
        except (ValueError, OverflowError) as error:
            raise Refused(f"a row of {len(parts)} parts is no box") from error
        if number != place:
            raise Refused("a class is no whole number")
        if parts:
            boxes.append(Box(names.get(place, parts[0]), x, y, w, h))
    return Returned(file.stem, tuple(boxes))
