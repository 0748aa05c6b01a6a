"""Labels of a folder of images that lie outside it: beside it, or in a tree that mirrors its own.

So that pictures are never called empty because their folder was named without their labels. What is
found is told and never read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from hoban_assets.errors import HobanError
from hoban_assets.formats.decoding import read_head
from hoban_assets.formats.foreign_labels import ONE_AN_IMAGE, rows_of_images
from hoban_assets.formats.naming import (
    OTHER_LABELS,
    is_archive,
    is_label_folder,
    is_mask_folder,
    is_no_label,
    left_out,
    mask_of,
    nfc,
    stem,
)
from hoban_assets.formats.odd_labels import tells_of
from hoban_assets.formats.scanning import entries_of
from hoban_assets.formats.sniffing import sniff
from hoban_assets.suffixes import IMAGE_SUFFIXES, LABEL_SUFFIXES, suffix_of

_MOST_ENTRIES = 200_000
"""Files around a source that are looked at by name: a raw root of several large sets."""
_MOST_OPENED = 20
"""Files for many images (COCO, tables) around a source that are searched for its images."""
_MOST_NAMES = 200
"""Images whose names are looked for in files of no known format."""
_FARTHEST = 3
"""Folders above in which a tree of labels may stand beside that of the images."""
_FIRST_WORD = re.compile(r"^([^ ._-]+)[ ._-]+(.+)$")
_LAST_WORD = re.compile(r"^(.+?)[ ._-]+([^ ._-]+)$")
_LABELS_ALONE = re.compile(
    r"[\d ._-]*(?:labels?|annotations?|bbox(?:es)?|xmls?"
    r"|라벨링?|레이블링?|어노테이션|주석|정답|좌표)"
    r"(?:[\d ._-]|데이터|모음|파일|폴더|세트|data|files?|set)*",
    re.IGNORECASE,
)
"""Name of a folder that says labels and nothing else: further up many names have such a word."""
_OF_IMAGES = re.compile(r"(?<=^[TV])S(?=$|[_\d .-])|(?<=\[)원천(?=\])")


def labels_beside(root: Path, images: Collection[str]) -> str | None:
    """A label outside `root` of one of its images.

    Looked for in the folder above, in other folders there and below them, and in folders further
    up that are called labels or whose tree is the same: ``좌표/1월`` of ``사진/1월``.

    Args:
        root: a folder of images.
        images: their paths.

    Returns:
        Its path, or None. Of folders with very many files not all are looked at.

    Raises:
        HobanError: a folder that is called labels cannot be listed.
    """
    search = _Search(images)
    parent = os.path.realpath(root.parent)
    for folder, name in _files_around(root):
        search.left -= 1
        if search.left < 0:
            return None
        if search.is_label(folder, name, is_near=folder == parent):
            return f"{folder}/{name}"
    for branch, folder in _mirrors(root):
        found = next((n for n in _files_in(folder) if search.is_label(folder, n, True)), None)
        if found is not None and not search.has_pictures(branch):
            return f"{folder}/{found}"
    return None


class _Search:
    """What is looked for, and how much more may be looked at."""

    def __init__(self, images: Collection[str]) -> None:
        self.names = {nfc(path.rpartition("/")[2]) for path in images}
        self.stems = {stem(name) for name in self.names}
        some = sorted(self.names)[:_MOST_NAMES]
        self._told_by = [*some, *(own for name in some if not (own := stem(name)).isdecimal())]
        self.left, self._opened = _MOST_ENTRIES, 0

    def is_label(self, folder: str, name: str, is_near: bool) -> bool:
        """Whether a file is a label of one of the images, or of many with one of them.

        Args:
            folder: where it lies.
            name: of the file.
            is_near: only labels of these images are expected there, whatever the folder's name.
        """
        suffix, own, path = suffix_of(name), nfc(stem(name)), f"{folder}/{name}"
        in_labels = is_label_folder(folder)
        is_of_one = own in self.stems or mask_of(own) in self.stems
        if is_of_one and suffix in IMAGE_SUFFIXES:
            return is_mask_folder(folder.rpartition("/")[2])
        if is_archive(name):
            return (is_near or in_labels) and (is_label_folder(own) or in_labels)
        if suffix in OTHER_LABELS:
            return is_near and is_label_folder(own)
        if suffix not in LABEL_SUFFIXES or is_no_label(name):
            return False
        if suffix in ONE_AN_IMAGE and (
            is_of_one or own in self.names or self._has_word(own, in_labels)
        ):
            return bool(read_head(path, 256).strip())
        if not (is_near or in_labels) or self._opened >= _MOST_OPENED:
            return False
        self._opened += 1
        kind = sniff(path)
        rows = rows_of_images(path) if kind else {}
        if any(each in rows for each in (*self.names, *self.stems)):
            return True
        return kind != "coco" and tells_of(read_head(path), self._told_by)

    def _has_word(self, own: str, in_labels: bool) -> bool:
        """Whether a word stands before or behind the name of an image: 라벨_a.txt, a_bbox.txt."""
        first, last = _FIRST_WORD.match(own), _LAST_WORD.match(own)
        return any(
            match is not None
            and match[rest] in self.stems
            and (in_labels or is_label_folder(match[word]))
            for match, word, rest in ((first, 1, 2), (last, 2, 1))
        )

    def has_pictures(self, branch: str) -> bool:
        """Whether a tree has pictures of these names itself: its labels are theirs then."""
        for _, _, names in os.walk(branch):
            self.left -= len(names)
            if self.left < 0:
                return True
            if any(suffix_of(n) in IMAGE_SUFFIXES and nfc(stem(n)) in self.stems for n in names):
                return True
        return False


def _files_around(root: Path) -> Iterator[tuple[str, str]]:
    """Folder and name of the files beside a folder, those in folders of labels first."""
    parent, own = os.path.realpath(root.parent), os.path.realpath(root)
    yield from ((parent, name) for name in _files_in(parent))
    folders = sorted(_folders_in(parent), key=lambda name: not is_label_folder(name))
    for name in folders:
        if f"{parent}/{name}" != own:
            for folder, _, names in os.walk(f"{parent}/{name}", onerror=_refused):
                yield from ((folder, each) for each in names)


def _mirrors(root: Path) -> Iterator[tuple[str, str]]:
    """Trees further up, each with a folder in it that may hold the labels of `root`."""
    real = Path(os.path.realpath(root))
    for above in list(real.parents)[1:_FARTHEST]:
        own, *rest = real.relative_to(above).parts
        for name in _folders_in(str(above)):
            branch = f"{above}/{name}"
            if name == own:
                continue
            ways = {"/".join(rest), "/".join(_OF_IMAGES.sub(_for_labels, part) for part in rest)}
            if _LABELS_ALONE.fullmatch(nfc(name)):
                ways.add("")
            for way in sorted(ways, reverse=True):
                yield branch, f"{branch}/{way}".rstrip("/")


def _for_labels(match: re.Match[str]) -> str:
    """AI Hub's name of a folder of labels: TL_1 of TS_1, [라벨] of [원천]."""
    return "L" if match[0] == "S" else "라벨"


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """What lies in a folder; nothing of one that is not there, or that others keep to themselves.

    Raises:
        HobanError: it is called labels and cannot be listed.
    """
    try:
        return sorted(entries_of(folder), key=lambda entry: entry.name)
    except HobanError as error:
        is_there = not isinstance(error.__cause__, FileNotFoundError | NotADirectoryError)
        if is_there and is_label_folder(folder.rpartition("/")[2]):
            raise
        return []


def _refused(error: OSError) -> None:
    """Say of a folder that `os.walk` would pass over what `_entries` says of it."""
    _entries(str(error.filename))


def _files_in(folder: str) -> list[str]:
    return [entry.name for entry in _entries(folder) if entry.is_file(follow_symlinks=False)]


def _folders_in(folder: str) -> list[str]:
    entries = _entries(folder)
    return [e.name for e in entries if e.is_dir(follow_symlinks=False) and not left_out(e.name)]
