"""Raw photographs of every kind, and a tree in which they are scaled."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from builders import samples_of
from PIL import Image

from hoban_assets.formats.image_facts import apply_facts, read_facts
from hoban_assets.publish.prescaled import Scaling
from hoban_assets.publish.yolo_tree import PublishReport, publish
from hoban_assets.samples import Samples

SIZE = 64
SMALL = ("s/small.jpg", "s/exact.png", "s/strip.jpg")
LARGE = (
    "s/photo.jpg",
    "s/grey.jpg",
    "s/cmyk.jpg",
    "s/turned.JPG",
    "s/no_end.jpeg",
    "t/clear.png",
    "t/deep.png",
    "t/deep.tif",
    "t/web.webp",
)
SIDES = {"s/small.jpg": (60, 40), "s/exact.png": (64, 33), "s/strip.jpg": (900, 40)}


def picture(name: str) -> np.ndarray:
    """A smooth picture with a few edges, another one for each name: what photographs are like."""
    width, height = SIDES.get(name, (201, 113))
    rng = np.random.default_rng(list(name.encode()))
    colours = rng.integers(60, 180, (5, 7, 1)) + rng.integers(-15, 15, (5, 7, 3))
    drawn = cv2.resize(colours.astype(np.uint8), (width, height), interpolation=cv2.INTER_CUBIC)
    cv2.circle(drawn, (width // 3, height // 2), height // 4, (200, 205, 210), -1)
    return drawn


def draw(file: Path, name: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    drawn, kind = picture(name), Path(name).stem
    whole = Image.fromarray(drawn[:, :, ::-1])
    if kind == "grey":
        whole.convert("L").save(file)
    elif kind == "cmyk":
        whole.convert("CMYK").save(file)
    elif kind == "turned":
        exif = Image.Exif()
        exif[274] = 6
        whole.save(file, exif=exif, quality=95)
    elif kind == "clear":
        whole.putalpha(120)
        whole.save(file)
    elif kind == "deep":
        cv2.imwrite(str(file), drawn.astype(np.uint16) * 257)
    else:
        cv2.imwrite(str(file), drawn)
    if kind == "no_end":
        file.write_bytes(file.read_bytes().removesuffix(b"\xff\xd9"))


def read(raw: Path) -> Samples:
    """Samples of the raw files with the facts of their files, as a stage makes them."""
    names = [f.relative_to(raw).as_posix() for f in sorted(raw.rglob("*")) if f.is_file()]
    boxes = {name: [("person", 0.1), ("fallen", 0.2)] for name in names}
    found = samples_of(boxes, width=[0] * len(names), height=[0] * len(names))
    facts = apply_facts(found, read_facts(names, raw, raw.parent / "facts.parquet", 2))
    split = ["val" if name.startswith("t/") else "train" for name in facts.images.image_id]
    return Samples(facts.images.assign(split=split), facts.boxes, facts.decisions)


def tree_of(samples: Samples, raw: Path, target: Path, **scaling) -> PublishReport:
    return publish(samples, raw, target, scaling=Scaling(SIZE, **{"workers": 2, **scaling}))


def names_in(tree: Path) -> dict[str, Path]:
    """Published file of each image id."""
    manifest = pd.read_parquet(tree / "manifest.parquet")
    rows = zip(manifest.image_id, manifest.split, manifest.name, strict=True)
    return {image_id: tree / "images" / split / name for image_id, split, name in rows}
