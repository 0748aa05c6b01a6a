"""What lies in a source folder: one `os.scandir` a folder, and the paths that may be opened.

Label files are written by others. A path that they name is only ever looked up in what was
listed here, never opened as it stands, and links that lead out of the source are not followed.
"""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson
from PIL import Image

from hoban_assets.errors import HobanError
from hoban_assets.formats.source import RawSource

IMAGE_SUFFIXES = frozenset({"jpg", "jpeg", "png", "bmp", "webp", "tif", "tiff"})
_READ_SIZE = 1 << 16
_EXIF_ORIENTATION = 274
_TRANSPOSED = frozenset({5, 6, 7, 8})  # EXIF 2.32, 4.6.4: orientations that swap the axes


@dataclass(frozen=True)
class Tree:
    """Every file below a source folder. Paths are relative to it, '/' separated."""

    root: str
    """The source folder, absolute."""
    folders: dict[str, list[str]]
    """Folder ('' is the source itself) to its file names, both sorted."""
    outside_files: frozenset[str]
    """Files that are links to something outside the source: listed, never opened."""
    outside_folders: tuple[str, ...]
    """Folders that are links to something outside the source: not entered."""

    def absolute(self, path: str) -> str:
        """Path that can be opened."""
        return f"{self.root}/{path}"

    def images(self) -> Iterator[str]:
        """Every image file of the tree, folder by folder."""
        for folder, names in self.folders.items():
            yield from images_of(folder, names)

    def under(self, folder: str) -> Iterator[str]:
        """`folder` itself and every folder below it that was listed."""
        for other in self.folders:
            if not folder or other == folder or other.startswith(f"{folder}/"):
                yield other


def join(folder: str, name: str) -> str:
    """Path of `name` in `folder`, where '' is the source folder."""
    return f"{folder}/{name}" if folder else name


def stem(name: str) -> str:
    """File name without its last suffix ('a.rf.1.jpg' -> 'a.rf.1')."""
    return name.rpartition(".")[0] or name


def images_of(folder: str, names: Iterable[str]) -> Iterator[str]:
    """Paths of those `names` that end like an image, in upper or lower case."""
    for name in names:
        if name.rpartition(".")[2].lower() in IMAGE_SUFFIXES and not name.startswith("."):
            yield join(folder, name)


def labels_of(names: Iterable[str], suffix: str) -> dict[str, str]:
    """Stem to file name, of the `names` that end in '.`suffix`' (any case)."""
    return {stem(n): n for n in names if n.rpartition(".")[2].lower() == suffix}


def scan(root: Path) -> Tree:
    """List a source folder and everything below it.

    Raises:
        HobanError: a folder may not be read, or a file name is no UTF-8 text.
    """
    real_root = root.resolve()
    folders: dict[str, list[str]] = {}
    outside_files: list[str] = []
    outside_folders: list[str] = []
    pending = [""]
    while pending:
        folder = pending.pop()
        names: list[str] = []
        for entry in _entries(f"{root}/{folder}"):
            if entry.is_file(follow_symlinks=False):
                names.append(entry.name)
            elif entry.is_dir(follow_symlinks=False):
                pending.append(join(folder, entry.name))
            elif entry.is_symlink():
                path = join(folder, entry.name)
                is_inside = Path(entry.path).resolve().is_relative_to(real_root)
                if entry.is_dir():
                    # A link to a folder of the source itself is listed where that folder lies.
                    if not is_inside:
                        outside_folders.append(path)
                    continue
                names.append(entry.name)
                if not is_inside:
                    outside_files.append(path)
        folders[folder] = sorted(names)
    _refuse_undecodable(root, folders)
    return Tree(
        str(root), dict(sorted(folders.items())), frozenset(outside_files), tuple(outside_folders)
    )


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        raise HobanError(
            f"folder {folder.rstrip('/')} cannot be read ({error.strerror})",
            "give the user who runs this the right to read it, or take the source out of the "
            "recipe",
        ) from error


def _refuse_undecodable(root: Path, folders: dict[str, list[str]]) -> None:
    for folder, names in folders.items():
        try:
            "\n".join([folder, *names]).encode()
        except UnicodeEncodeError:
            bad = next(n for n in [folder, *names] if n != n.encode(errors="ignore").decode())
            raise HobanError(
                f"file name {os.fsencode(bad)!r} in {root} is no UTF-8",
                "rename it, for instance with 'convmv -f cp949 -t utf8 -r --notest FOLDER'",
            ) from None


@contextmanager
def paused_collector() -> Iterator[None]:
    """Keep the garbage collector from walking hundreds of thousands of parsed objects.

    They hold no cycles, so it would find nothing; it took a fifth of the time of reading.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


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


def read_bytes(path: str) -> bytes:
    """Content of a small file, with as few system calls as there can be.

    Raises:
        OSError: it cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        data = os.read(descriptor, _READ_SIZE)
        if len(data) == _READ_SIZE:
            parts = [data]
            while part := os.read(descriptor, 1 << 24):
                parts.append(part)
            data = b"".join(parts)
    finally:
        os.close(descriptor)
    return data


def parse_json(data: bytes) -> object:
    """Parse JSON; what orjson refuses but Python writes (NaN, a byte order mark) is accepted.

    Raises:
        ValueError: it is no JSON text.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            raise ValueError(str(error)) from error


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
        for entry in _entries(str(raw_root))
        if entry.name.lower().startswith(pattern.lower())
        and entry.is_dir()
        and entry.name not in declared
    )
