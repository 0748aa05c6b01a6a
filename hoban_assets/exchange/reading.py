"""Reads a file or folder that a tool wrote, whichever of the known ones it was."""

from __future__ import annotations

import os
import zipfile
import zlib
from pathlib import Path
from typing import Any, NamedTuple

from hoban_assets.errors import HobanError
from hoban_assets.exchange import coco, cvat, label_studio, yolo
from hoban_assets.exchange.pictures import MANIFEST, NO_PICTURE, Returned, missing
from hoban_assets.formats.decoding import open_regular, parse_json, read_bytes

LARGEST = 500_000_000
"""Bytes of an annotation file; one that is larger is no hand's work."""
_NO_EXPORT = (*NO_PICTURE, RecursionError)
_CANNOT_BE_READ = (OSError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError)
"""RuntimeError is what a zip with a password, or packed in another way, raises."""
_OURS = frozenset({MANIFEST, "labels.json", label_studio.CONFIG})
"""Files of an export that hold no labels of pictures."""


class Read(NamedTuple):
    """What a file or folder holds."""

    tool: str
    pictures: list[Returned]
    root: Path | None
    """Where the files of the pictures may lie."""


def read_returned(path: Path) -> Read:
    """Read a file or folder of any known tool.

    Raises:
        HobanError: it is not there, or no known tool wrote it.
    """
    if not path.exists():
        raise HobanError(f"there is no {path}", "name the file or folder that the tool wrote")
    file = path
    try:
        if path.is_dir():
            file = _file_in(path)
        return _read(file, path)
    except _NO_EXPORT as error:
        raise HobanError(
            f"{file} is no export of CVAT (for images 1.1), COCO, Label Studio (JSON) or YOLO: "
            f"{missing(error)}",
            "export it again in one of these formats",
        ) from error
    except _CANNOT_BE_READ as error:
        raise HobanError(f"{file} cannot be read: {error}", "export it again") from error


def _read(file: Path, path: Path) -> Read:
    if file.name == yolo.FILE and path.is_dir():
        return Read("yolo", yolo.read(path), path)
    if file.suffix.lower() == ".zip":
        return Read(*_zip(file), None)
    return Read(*_labels(_content(file), file.name), path if path.is_dir() else path.parent)


def _file_in(folder: Path) -> Path:
    """The one file of a folder that may hold the labels."""
    if (folder / yolo.FILE).is_file():
        return folder / yolo.FILE
    known = [folder / name for name in (cvat.FILE, coco.FILE, label_studio.FILE)]
    found = [file for file in known if file.is_file()] or sorted(
        file
        for suffix in ("*.xml", "*.json")
        for file in folder.glob(suffix)
        if file.name not in _OURS
    )
    if not found:
        names = (yolo.FILE, cvat.FILE, coco.FILE, label_studio.FILE)
        raise ValueError(f"none of {', '.join(names)} lies in it")
    if len(found) > 1:
        raise ValueError(f"{len(found)} files in it may be the labels: name the file")
    return found[0]


def _content(file: Path) -> bytes:
    """Bytes of a regular file, which is never waited for."""
    if file.stat().st_size > LARGEST:
        raise ValueError("it is larger than labels are")
    return read_bytes(str(file))


def _zip(path: Path) -> tuple[str, list[Returned]]:
    with os.fdopen(open_regular(str(path)), "rb") as file, zipfile.ZipFile(file) as archive:
        names = [n for n in archive.namelist() if n.lower().endswith((".xml", ".json"))]
        if len(names) != 1:
            raise ValueError(f"{len(names)} files in it may be the labels: unpack it")
        if archive.getinfo(names[0]).file_size > LARGEST:
            raise ValueError("its labels are larger than labels are")
        return _labels(archive.read(names[0]), names[0])


def _labels(data: bytes, name: str) -> tuple[str, list[Returned]]:
    if name.lower().endswith(".xml"):
        return "cvat", cvat.read(data)
    document: Any = parse_json(data)
    if isinstance(document, list):
        return "label-studio", label_studio.read(document)
    return "coco", coco.read(document)
