"""Paths of a source and what may be opened of them: the listing itself is in `scanning`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from hoban_assets.formats.decoding import parse_json as parse_json
from hoban_assets.formats.decoding import read_bytes as read_bytes
from hoban_assets.formats.naming import images_of as images_of
from hoban_assets.formats.naming import join as join
from hoban_assets.formats.naming import labels_of as labels_of
from hoban_assets.formats.naming import stem as stem
from hoban_assets.formats.scanning import Tree as Tree
from hoban_assets.formats.scanning import entries_of
from hoban_assets.formats.scanning import scan as scan
from hoban_assets.formats.source import RawSource

_EXIF_ORIENTATION = 274
_TRANSPOSED = frozenset({5, 6, 7, 8})  # EXIF 2.32, 4.6.4: orientations that swap the axes


def path_below(text: object) -> str | None:
    """Normalise a path that a label file names.

    Returns:
        The path, '/' separated, or None where it is no path or leads outside: '..', absolute,
        a Windows drive. Backslashes separate, as Windows tools write them.
    """
    if not isinstance(text, str) or not text.strip() or "\0" in text:
        return None
    parts = text.strip().replace("\\", "/").split("/")
    if not parts[0] or ":" in parts[0] or ".." in parts:
        return None
    return "/".join(part for part in parts if part not in {"", "."}) or None


def header_size(path: str) -> tuple[int, int] | None:
    """Width and height in pixels as displayed, from the header alone: nothing is decoded.

    Returns:
        None where the header cannot be read.
    """
    try:
        with Image.open(path) as image:
            width, height = image.size
            # PNG's getexif() decodes the whole image unless its EXIF stands before the pixels;
            # TIFF's size is turned by Pillow itself.
            has_exif = "exif" in image.info if image.format == "PNG" else image.format != "TIFF"
            orientation = image.getexif().get(_EXIF_ORIENTATION) if has_exif else None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return (height, width) if orientation in _TRANSPOSED else (width, height)


def undeclared_folders(
    raw_root: Path, sources: Iterable[RawSource], pattern: str = "fall"
) -> list[str]:
    """Folders of the raw root that begin with `pattern` (any case) and that no source declares.

    They are reported and never read.

    Raises:
        HobanError: the raw root cannot be listed.
    """
    declared = {source.folder.strip("/").split("/")[0] for source in sources}
    return sorted(
        entry.name
        for entry in entries_of(str(raw_root))
        if entry.name.lower().startswith(pattern.lower())
        and entry.is_dir()
        and entry.name not in declared
    )
