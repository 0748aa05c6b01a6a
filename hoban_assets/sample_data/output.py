"""Writes the tree: files below one folder, and the list of what is wrong with them on purpose."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from hoban_assets.errors import HobanError
from hoban_assets.sample_data.figures import Box
from hoban_assets.sample_data.scenes import Shot
from hoban_assets.sample_data.textures import Picture

JPEG_QUALITY = 90
TRUTH = "truth.json"
"""Image file -> every object on it, labelled by its source or not, as class and x y w h (centre,
0-1). No reader looks at it and nothing is trained on it: it is what a model can be judged by.
Images that are a defect themselves are not in it."""
CLASS_OF = {
    "helmet": "person_with_helmet",
    "bare": "person_without_helmet",
    "person": "person",
    "standing": "person",
    "sitting": "person",
    "fallen": "fallen",
}
"""What is drawn -> its class. Who has fallen is `fallen` and no `person`."""


@dataclass(frozen=True)
class Expected:
    """What must become of a defect.

    `rule` is the readers' name of it, None where no decision is due; `action` is drop, repair,
    ignore, merge or keep; `scope` is row, image, source or file.
    """

    rule: str | None
    action: str
    scope: str


@dataclass(frozen=True)
class Defect:
    """One thing that is wrong with `file` (below the root), or only looks wrong.

    `row` is the row of the label file (0-based line; in JSON the index of the annotation).
    """

    file: str
    row: int | None
    defect: str
    expected: Expected
    note: str

    def as_json(self) -> dict[str, object]:
        """Return the entry of defects.json."""
        return {
            "file": self.file,
            "row": self.row,
            "defect": self.defect,
            "expected": vars(self.expected),
            "note": self.note,
        }


@dataclass
class Output:
    """The folder that is being filled. Refuses to write the same file twice."""

    root: Path
    progress: Callable[[str], None] | None = None
    defects: list[Defect] = field(default_factory=list)
    files: set[str] = field(default_factory=set)
    truth: dict[str, list[list[object]]] = field(default_factory=dict)
    images: int = 0

    def write(self, path: str, data: bytes | str) -> None:
        """Write a file below the root, creating its folder.

        Raises:
            HobanError: the file cannot be written.
            ValueError: it was written before: two writers chose the same name.
        """
        if path in self.files:
            raise ValueError(f"{path} is written twice")
        self.files.add(path)
        target = self.root / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data.encode() if isinstance(data, str) else data)
        except OSError as error:
            raise HobanError(
                f"{target} cannot be written ({error.strerror})",
                "choose a folder that you may write to, on a disk with room",
            ) from error

    def image(self, path: str, data: bytes, shot: Shot | None = None) -> None:
        """Write an image file and count it; of a `shot` enter everything that is to be seen."""
        self.write(path, data)
        self.images += 1
        if shot is not None:
            height, width = shot.picture.shape[:2]
            self.truth[path] = [
                [CLASS_OF[o.kind], *_shares(o.box, width, height)] for o in shot.objects
            ]

    def json(self, path: str, content: object) -> None:
        """Write JSON, keys in the order given, as UTF-8."""
        self.write(path, json.dumps(content, ensure_ascii=False))

    def defect(
        self, file: str, defect: str, rule: str | None, action: str, scope: str, note: str,
        row: int | None = None,
    ) -> None:  # fmt: skip
        """Enter a defect into the list."""
        self.defects.append(Defect(file, row, defect, Expected(rule, action, scope), note))

    def say(self, line: str) -> None:
        """Report progress."""
        if self.progress is not None:
            self.progress(line)

    def finish(self) -> None:
        """Write defects.json and truth.json."""
        entries = [defect.as_json() for defect in self.defects]
        self.write(TRUTH, json.dumps(self.truth, ensure_ascii=False) + "\n")
        self.write("defects.json", json.dumps(entries, ensure_ascii=False, indent=1) + "\n")


def _shares(box: Box, width: int, height: int) -> list[float]:
    x1, y1, x2, y2 = box
    shares = (x1 + x2) / 2 / width, (y1 + y2) / 2 / height, (x2 - x1) / width, (y2 - y1) / height
    return [round(float(share), 6) for share in shares]


def jpeg(
    picture: Picture, quality: int = JPEG_QUALITY, mode: str = "RGB", **extra: object
) -> bytes:
    """Encode as JPEG; `mode` (Pillow's) may be L or CMYK, `extra` goes to Pillow (exif)."""
    stream = io.BytesIO()
    image = Image.fromarray(picture).convert(mode)
    image.save(stream, "JPEG", quality=quality, subsampling="4:2:0", optimize=False, **extra)
    return stream.getvalue()


def png(picture: Picture, mode: str = "RGB") -> bytes:
    """Encode as PNG: RGB, RGBA, or 'I;16' for 16-bit grey."""
    image = Image.fromarray(picture)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    else:
        image = image.convert(mode)
    stream = io.BytesIO()
    image.save(stream, "PNG", compress_level=3)
    return stream.getvalue()


def turned_jpeg(picture: Picture) -> bytes:
    """Encode a JPEG stored lying on its side, with the EXIF orientation that puts it upright."""
    exif = Image.Exif()
    exif[274] = 6  # EXIF 2.32, 4.6.4: to be turned clockwise by 90 degrees for display
    return jpeg(np.ascontiguousarray(np.rot90(picture)), exif=exif)
