"""Labels in files of a suffix, or of a form, that nobody has listed: found by what they are of.

There are more formats than any list has, and a photograph whose label is not known for one would
be trained as an empty scene. So a file is a label until somebody has looked where it is called like
a picture, or says numbers of one that it names.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from hoban_assets.formats.decoding import decode, read_head
from hoban_assets.formats.naming import (
    NO_LABELS,
    OTHER_IMAGES,
    OTHER_LABELS,
    is_archive,
    join,
    nfc,
    stem,
)
from hoban_assets.formats.scanning import Tree
from hoban_assets.suffixes import IMAGE_SUFFIXES, LABEL_SUFFIXES, suffix_of

_LISTED = IMAGE_SUFFIXES | OTHER_IMAGES | LABEL_SUFFIXES | OTHER_LABELS | NO_LABELS
_LINES = frozenset({"jsonl", "ndjson", "odgt"})
"""Formats of one JSON a line: nothing but labels is kept in them beside pictures."""
_DATABASE = b"SQLite format 3\0"
_NUMBER = re.compile(r"(?<![\w.])-?(?:\d+(?:\.\d+)?|\.\d+)(?![\w.])")
_LEAST_NUMBERS = 4  # of a box
_AFTER = 300  # letters after a name in which they stand
_PICTURES = 200  # names that are looked for
_OPENED = 20  # files of a folder that are opened


def is_odd(name: str) -> bool:
    """Whether a suffix is of no list, neither of pictures nor of labels nor of anything else."""
    return not (name.startswith(".") or suffix_of(name) in _LISTED or is_archive(name))


def called_like(name: str, pictures: Collection[str]) -> bool:
    """Whether a file has the name of a picture: ``a.label`` or ``a.jpg.label`` of ``a``.

    `pictures` are stems, composed (NFC).
    """
    own = nfc(stem(name))
    return own in pictures or (suffix_of(own) in IMAGE_SUFFIXES and stem(own) in pictures)


def odd_labels(tree: Tree, known: Collection[str]) -> Iterator[str]:
    """Files of a listing that seem to be labels and are none of the `known` ones."""
    pictures = sorted(nfc(path.rpartition("/")[2]) for path in tree.images())
    stems = {stem(name) for name in pictures}
    some = pictures[:: max(1, len(pictures) // _PICTURES)]
    for folder, names in tree.folders.items():
        opened = 0
        for name in names:
            path, suffix = join(folder, name), suffix_of(name)
            is_listed = suffix in LABEL_SUFFIXES and not name.startswith(".")
            if path in known or path in tree.outside_files or not (is_odd(name) or is_listed):
                continue
            if not is_listed and called_like(name, stems):
                if read_head(tree.absolute(path), 256).strip():
                    yield path
            elif opened < _OPENED:
                opened += 1
                head = read_head(tree.absolute(path))
                if (suffix in _LINES and head.strip()) or tells_of(head, some):
                    yield path


def tells_of(head: bytes, pictures: Collection[str]) -> bool:
    """Whether the first bytes of a file say as many numbers as a box has of one of the pictures.

    A database may, and is not opened.
    """
    if head.startswith(_DATABASE):
        return True
    found = decode(head)
    text = nfc(found.text if found else head.decode("utf-8", "ignore"))
    for name in pictures:
        found_name = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) if name in text else None
        if found_name is not None:
            at = found_name.start()
            after = text[at + len(name) : at + len(name) + _AFTER]
            before = text[:at].rpartition("\n")[2]
            if len(_NUMBER.findall(f"{before[-_AFTER:]} {after}")) >= _LEAST_NUMBERS:
                return True
    return False
