"""Raw label files to `Samples`: one reader a format, chosen by the declared source."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hoban_assets.errors import HobanError
from hoban_assets.formats.aihub import AiHubReader
from hoban_assets.formats.background import BackgroundReader
from hoban_assets.formats.coco import CocoReader
from hoban_assets.formats.folders import undeclared_folders
from hoban_assets.formats.pictures import PicturesReader
from hoban_assets.formats.source import RawSource, Read, Reader
from hoban_assets.formats.voc import VocReader
from hoban_assets.formats.widerperson import WiderPersonReader
from hoban_assets.formats.yolo import YoloReader

__all__ = ["READERS", "RawSource", "Read", "Reader", "open_source", "undeclared_folders"]

READERS: dict[str, Callable[[RawSource, Path], Reader]] = {
    "aihub": AiHubReader,
    "coco": CocoReader,
    "yolo": YoloReader,
    "voc": VocReader,
    "widerperson": WiderPersonReader,
    "background": BackgroundReader,
    "pictures": PicturesReader,
}
"""Format of a source to its reader."""


def open_source(source: RawSource, raw_root: Path) -> Reader:
    """List a source and return its reader.

    Raises:
        HobanError: its format is not known, or the source is missing, empty or not readable.
    """
    reader = READERS.get(source.format)
    if reader is None:
        raise HobanError(
            f"source {source.name}: format {source.format!r} is not known",
            f"use one of {', '.join(READERS)}",
        )
    return reader(source, raw_root)
