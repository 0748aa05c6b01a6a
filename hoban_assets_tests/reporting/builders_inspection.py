"""Small YOLO folders to inspect."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from hoban_assets.formats.gather import Gathered, Progress, gather
from hoban_assets.formats.source import RawSource


def image_of(path: Path, seed: int) -> None:
    """A picture that only another one of the same seed equals."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (8, 8, 3), np.uint8)
    Image.fromarray(pixels).resize((64, 48)).save(path)


def labelled(part: Path, stem: str, rows: str, seed: int = 0, names: str = "[fall, other]") -> None:
    """An image and its rows in a part of a YOLO folder, which has `names`."""
    image_of(part / "images" / f"{stem}.jpg", seed)
    (part / "labels").mkdir(exist_ok=True)
    (part / "labels" / f"{stem}.txt").write_text(rows)
    (part.parent / "data.yaml").write_text(f"names: {names}")


@contextlib.contextmanager
def silent(title: str) -> Iterator[Progress]:
    """A progress bar that nobody sees."""
    yield lambda done, of: None


def gathered(
    raw_root: Path,
    source: RawSource | str,
    declared: RawSource | None = None,
    open_images: bool = True,
    clip_pattern: str | None = None,
) -> Gathered:
    """Gather a source, or a YOLO folder of that name."""
    if isinstance(source, str):
        source = RawSource(source, source, "yolo", clip_pattern=clip_pattern)
    return gather(
        source, raw_root, declared=declared, bars=silent, open_images=open_images, workers=2
    )
