"""Image and label files below a source that its reader passes over: each has a count.

A reader knows what it reads. Whatever else lies below the source and is an image, or a label, is
told here, for all readers alike: training on a part of a set while the rest lies beside it is a
fault that nothing else shows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from hoban_assets.formats.naming import (
    OTHER_IMAGES,
    OTHER_LABELS,
    is_archive,
    is_label_folder,
    is_no_label,
    join,
    nfc,
    stem,
)
from hoban_assets.formats.odd_labels import called_like, is_odd
from hoban_assets.formats.scanning import Tree
from hoban_assets.formats.sniffing import sniff
from hoban_assets.suffixes import IMAGE_SUFFIXES, LABEL_SUFFIXES, suffix_of

ONE_BY_ONE = 10
"""Files of a kind in one folder that are told singly; of more, their folder and their number."""
_OPENED = 3
"""Files of a suffix in one folder that are looked into before its others count the same."""

IMAGES, LABELS, ARCHIVED = "images", "labels", "archives"


@dataclass(frozen=True)
class Unread:
    """A file, or files of one kind in a folder, that nothing is read of."""

    path: str
    """The file, or the folder where there are more than `ONE_BY_ONE`. Below the source."""
    kind: str
    """`IMAGES`, `LABELS` or `ARCHIVED`."""
    count: int
    first: str
    why: str

    @property
    def text(self) -> str:
        """What a decision says of it."""
        return (
            self.why
            if self.count == 1
            else (f"{self.count} {self.kind}: {self.why}, the first is {self.first}")
        )


def unread_files(
    tree: Tree, used: Collection[str], reads: str, nested: Iterable[str] = ()
) -> list[Unread]:
    """Every image and label of `tree` that is not among `used`.

    Args:
        tree: the listed source.
        used: paths that the reader opens, or records by itself.
        reads: what the reader reads, for the reason: "images/ beside labels/".
        nested: folders below the source that other declared sources read.
    """
    used = used if isinstance(used, set | frozenset) else set(used)
    skipped = tuple(f"{folder.strip('/')}/" for folder in nested)
    stems: set[str] | None = None
    found: list[Unread] = [
        Unread(each.path, kind, count, each.first, each.reason)
        for each in tree.passed_over
        for kind, count in ((IMAGES, each.images), (LABELS, each.labels))
        if count
    ]
    for folder, names in tree.folders.items():
        if f"{folder}/".startswith(skipped) and skipped:
            continue
        rest = [name for name in names if join(folder, name) not in used and name[:2] != "._"]
        if not rest:
            continue
        by_suffix: dict[str, list[str]] = {}
        for name in rest:
            by_suffix.setdefault("archive" if is_archive(name) else suffix_of(name), []).append(
                name
            )
        for suffix, group in by_suffix.items():
            if suffix in IMAGE_SUFFIXES:
                hidden = [name for name in group if name.startswith(".")]
                shown = [name for name in group if not name.startswith(".")]
                found += _told(folder, IMAGES, hidden, "hidden file")
                found += _told(folder, IMAGES, shown, f"this format reads {reads}")
            elif suffix in OTHER_IMAGES:
                found += _told(folder, IMAGES, group, f".{suffix} is not read: convert it to .jpg")
            elif suffix in OTHER_LABELS:
                found += _told(folder, LABELS, group, f".{suffix} is not read; is it a label?")
            elif suffix == "archive":
                found += _told(folder, ARCHIVED, group, "packed, its content is not read")
            elif suffix in LABEL_SUFFIXES:
                if stems is None:
                    stems = {nfc(stem(path.rpartition("/")[2])) for path in tree.images()}
                labels = list(label_like(tree, folder, group, stems))
                found += _told(folder, LABELS, labels, f"this format reads {reads}")
            elif any(map(is_odd, group[:1])):
                if stems is None:
                    stems = {nfc(stem(path.rpartition("/")[2])) for path in tree.images()}
                odd = [name for name in group if called_like(name, stems)]
                found += _told(folder, LABELS, odd, f".{suffix} is not read; is it a label?")
    return found


def counts_of(unread: Iterable[Unread]) -> dict[str, int]:
    """Kind to the number of files of it."""
    counts: dict[str, int] = {}
    for each in unread:
        counts[each.kind] = counts.get(each.kind, 0) + each.count
    return counts


def label_like(
    tree: Tree, folder: str, names: Iterable[str], stems: Collection[str]
) -> Iterator[str]:
    """Those `names` of `folder`, all of one suffix, that seem to be labels.

    By their folder's name, by the name of an image that they have, or by what is in them: of the
    others the first few are opened.
    """
    in_label_folder = is_label_folder(folder)
    opened, kind = 0, None
    for name in names:
        if is_no_label(name):
            continue
        if in_label_folder or nfc(stem(name)) in stems:
            yield name
            continue
        path = join(folder, name)
        if opened < _OPENED:
            kind = None if path in tree.outside_files else sniff(tree.absolute(path))
            opened += 1
        if kind is not None:
            yield name


def _told(folder: str, kind: str, names: list[str], why: str) -> Iterator[Unread]:
    if len(names) <= ONE_BY_ONE:
        for name in names:
            yield Unread(join(folder, name), kind, 1, name, why)
    elif names:
        yield Unread(folder or ".", kind, len(names), names[0], why)
