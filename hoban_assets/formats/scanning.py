"""What lies in a source folder: one `os.scandir` a folder, nothing opened.

Label files are written by others. A path that they name is only ever looked up in what was
listed here, never opened as it stands, and links that lead out of the source are not followed.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from hoban_assets.errors import HobanError
from hoban_assets.formats.naming import images_of, join, left_out
from hoban_assets.suffixes import IMAGE_SUFFIXES, LABEL_SUFFIXES, suffix_of

_APPLE_DOUBLE = "._"
"""What macOS writes beside every file on a foreign disk, under the file's own suffix."""
NO_UTF8 = "name is no UTF-8"


@dataclass(frozen=True)
class PassedOver:
    """A folder that was not entered, or a file that cannot be opened."""

    path: str
    """Below the source; bytes that are no text are escaped."""
    reason: str
    images: int = 0
    labels: int = 0
    first: str = ""
    """Of the images and labels in it."""


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
    passed_over: tuple[PassedOver, ...] = ()
    """What is below the source and not listed: waste bins, pipes, names that are no text."""

    @cached_property
    def remembered(self) -> dict[Any, Any]:
        """What was worked out of this listing, for those who need it again."""
        return {}

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


def scan(root: Path) -> Tree:
    """List a source folder and everything below it.

    Names that are no UTF-8 text, waste bins and what is no regular file are in `passed_over`:
    one odd name never costs a source.

    Raises:
        HobanError: a folder may not be read, or this process takes file names for another
            encoding than UTF-8.
    """
    must_read_names_as_utf8()
    scanner = _Scanner(root)
    while scanner.pending:
        scanner.enter(scanner.pending.pop())
    return Tree(
        str(root),
        dict(sorted(scanner.folders.items())),
        frozenset(scanner.outside_files),
        tuple(scanner.outside_folders),
        tuple(sorted(scanner.passed_over, key=lambda each: each.path)),
    )


def must_read_names_as_utf8() -> None:
    """Refuse to go on where Python decodes file names by a locale such as ko_KR.EUC-KR.

    Raises:
        HobanError: names would be taken for broken ones, and written wrongly.
    """
    if sys.getfilesystemencoding().lower() != "utf-8":
        raise HobanError(
            f"this process reads file names as {sys.getfilesystemencoding()}, from the locale",
            "set PYTHONUTF8=1 before the command (env.sh does it)",
        )


class _Scanner:
    """The listing while it is made."""

    def __init__(self, root: Path) -> None:
        self.root = str(root)
        self.real_root = os.path.realpath(root)
        self.folders: dict[str, list[str]] = {}
        self.outside_files: list[str] = []
        self.outside_folders: list[str] = []
        self.passed_over: list[PassedOver] = []
        self.pending = [""]

    def enter(self, folder: str) -> None:
        names: list[str] = []
        try:
            entries = entries_of(f"{self.root}/{folder}")
        except HobanError as error:
            if not _is_too_long(error):
                raise
            self.passed_over.append(PassedOver(folder, "path too long for the system", 1))
            return
        for entry in entries:
            path = join(folder, entry.name)
            if not _is_text(entry.name):
                self._pass_over(entry, path, NO_UTF8)
            elif entry.is_file(follow_symlinks=False):
                names.append(entry.name)
            elif entry.is_dir(follow_symlinks=False):
                reason = left_out(entry.name)
                if reason is None:
                    self.pending.append(path)
                else:
                    self._pass_over(entry, path, reason)
            elif entry.is_symlink():
                self._add_link(entry, path, names)
            else:
                self._pass_over(entry, path, "pipe, socket or device")
        self.folders[folder] = sorted(names)

    def _add_link(self, entry: os.DirEntry[str], path: str, names: list[str]) -> None:
        target = os.path.realpath(entry.path)
        is_inside = target == self.real_root or target.startswith(f"{self.real_root}/")
        try:
            mode = entry.stat().st_mode
        except OSError:  # dangling, or a ring of links: listed, so that the image is told missing
            mode = stat.S_IFREG
        if stat.S_ISDIR(mode):
            # A link to a folder of the source itself is listed where that folder lies.
            if not is_inside:
                self.outside_folders.append(path)
        elif not is_inside:
            names.append(entry.name)
            self.outside_files.append(path)
        elif stat.S_ISREG(mode):
            names.append(entry.name)
        else:
            self._pass_over(entry, path, "link to a pipe, socket or device")

    def _pass_over(self, entry: os.DirEntry[str], path: str, reason: str) -> None:
        shown = as_utf8(path)
        if entry.is_dir(follow_symlinks=False):
            found = list(_files_below(entry.path))
            images = [name for name in found if suffix_of(name) in IMAGE_SUFFIXES]
            labels = [name for name in found if suffix_of(name) in LABEL_SUFFIXES]
            if images or labels:
                first = as_utf8((images or labels)[0])
                self.passed_over.append(PassedOver(shown, reason, len(images), len(labels), first))
            return
        is_image = suffix_of(entry.name) in IMAGE_SUFFIXES
        is_label = suffix_of(entry.name) in LABEL_SUFFIXES
        if is_image or is_label or reason == NO_UTF8:
            self.passed_over.append(PassedOver(shown, reason, int(is_image), int(is_label), shown))


def _files_below(folder: str) -> Iterator[str]:
    """Names of regular files below a folder that is not entered; nothing is raised or followed."""
    for parent, _, names in os.walk(folder):
        for name in sorted(names):
            if not name.startswith(_APPLE_DOUBLE) and not os.path.islink(f"{parent}/{name}"):  # noqa: PTH114
                yield name


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def as_utf8(name: str) -> str:
    """A file name as text that can be stored: read as cp949 where it is that, else escaped."""
    if _is_text(name):
        return name
    data = os.fsencode(name)
    try:
        return data.decode("cp949")
    except UnicodeDecodeError:
        return data.decode("utf-8", "backslashreplace")


def entries_of(folder: str) -> list[os.DirEntry[str]]:
    """What lies in one folder.

    Raises:
        HobanError: it cannot be listed.
    """
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        raise HobanError(
            f"folder {folder.rstrip('/')} cannot be read ({error.strerror})",
            "give the user who runs this the right to read it, or take the source out of the "
            "recipe",
        ) from error


def _is_too_long(error: HobanError) -> bool:
    return isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.ENAMETOOLONG
