"""Which raw format a folder holds, from the names in it and a few opened label files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hoban_assets.errors import HobanError
from hoban_assets.formats.advice import BESIDE, MASKS, OTHERS, PACKED, WITHOUT_IMAGES, advice
from hoban_assets.formats.aihub_layout import document_of, found_original, is_aihub
from hoban_assets.formats.class_names import name_files
from hoban_assets.formats.coco import KEYS, OTHER_TASKS
from hoban_assets.formats.folders import Tree, join, labels_of, scan
from hoban_assets.formats.foreign_labels import labels_in, masks_in, other_labels_in
from hoban_assets.formats.labels_around import labels_beside as labels_beside_source
from hoban_assets.formats.naming import is_archive, is_label_folder, is_part, part_of
from hoban_assets.formats.pairs import image_folders, labels_beside
from hoban_assets.formats.voc import LEAST_LABELLED, found_voc
from hoban_assets.suffixes import suffix_of

LOOKED_FOR: Mapping[str, str] = {
    "aihub": "folders images/ and labels/, or 원천데이터 and 라벨링데이터, side by side, one JSON "
    "an image",
    "coco": "a JSON with images, annotations and categories, in the folder or in annotations/",
    "yolo": "data.yaml, or images/ beside labels/*.txt, in the folder or in train/, valid/, test/",
    "voc": "images/ (or JPEGImages/) beside Annotations/ (or labels/) with one XML an image, or "
    "both in one folder",
    "widerperson": "Images/, Annotations/*.txt, train.txt and val.txt",
    "background": "images without any label file",
}
"""Format to what tells it: what a folder is searched for, in this order but for the last."""

_PEEK = 1 << 18  # bytes read from either end of a JSON too large to parse for a look
_PARSED_WHOLE = 1 << 22


@dataclass(frozen=True)
class Detection:
    """What a folder holds. Texts are English keys with {fields}, filled in from `facts`."""

    folder: Path
    format: str | None
    """A key of READERS; None where it is no source by itself."""
    reason: str
    facts: Mapping[str, object] = field(default_factory=dict)
    parts: tuple[Detection, ...] = ()
    """What is below it, where it is no source by itself: sources, and folders that no reader fits
    although there is something in them (their `near` tells)."""
    suffixes: Mapping[str, int] = field(default_factory=dict)
    """Kinds of files in it, the most frequent first: '.jpg' to how many."""
    near: str | None = None
    """Where no reader fits: what it might be after all, and what to do."""


def detect(folder: Path) -> Detection:
    """Tell the format of `folder`; where it holds several sources, that of each (`parts`).

    Folders are listed; at most a few labels are opened, none is parsed that is large.

    Raises:
        HobanError: a folder cannot be listed, or a file name is no UTF-8.
    """
    try:
        return _detect(scan(folder))
    except OSError as error:
        raise HobanError(
            f"{error.filename or folder} cannot be read: {error.strerror}",
            "give a folder of images and labels that you may read",
        ) from error


def _detect(tree: Tree) -> Detection:
    root = Path(tree.root)
    for name, test in _TESTS.items():
        found = test(tree)
        if found is not None:
            reason, facts = found
            return Detection(root, name, reason, facts, suffixes=_suffixes(tree))
    parts = tuple(d for child in _children(tree) for d in _flat(_detect(_below(tree, child))))
    read = [part.format for part in parts if part.format]
    if set(read) - {"background"}:
        reason = "holds {count} sources" if len(read) > 1 else "holds one source"
        return Detection(root, None, reason, {"count": len(read)}, parts, _suffixes(tree))
    return _only_images(tree)


def _flat(found: Detection) -> tuple[Detection, ...]:
    is_one = found.format or (found.near and not found.parts)
    return (found,) if is_one else found.parts


def _only_images(tree: Tree) -> Detection:
    """A background, or what stands against it: labels of any kind, in the folder or beside it."""
    root, suffixes = Path(tree.root), _suffixes(tree)
    images = list(tree.images())
    packed = [name for names in tree.folders.values() for name in names if is_archive(name)]
    labels = labels_in(tree)
    masks, others = sorted(masks_in(tree)), other_labels_in(tree)
    told = labels or masks or others
    facts: dict[str, object] = {
        "count": len(images),
        "labels": len(told),
        "first": told[0] if told else "",
        "packed": len(packed),
    }
    if not images:
        near = WITHOUT_IMAGES if told else None
        near = PACKED if packed else near
        return Detection(root, None, "no image in it", facts, (), suffixes, near)
    if labels:
        near = advice(tree, labels)
    elif told:
        near = MASKS if masks else OTHERS
    elif packed:
        near = PACKED
    else:
        outside = labels_beside_source(root, images)
        near = None if outside is None else BESIDE
        facts["first"] = outside or ""
    if near is not None:
        return Detection(root, None, "no reader fits", facts, (), suffixes, near)
    return Detection(root, "background", "{count} images and no label", facts, (), suffixes)


def _suffixes(tree: Tree) -> dict[str, int]:
    counts = Counter(
        Path(name).suffix.lower() or name for names in tree.folders.values() for name in names
    )
    return dict(counts.most_common(8))


def _children(tree: Tree) -> list[str]:
    return [folder for folder in tree.folders if folder and "/" not in folder]


def _below(tree: Tree, child: str) -> Tree:
    """The same listing, seen from a folder of it."""
    start = len(child) + 1
    folders = {folder[start:]: tree.folders[folder] for folder in tree.under(child)}
    outside = frozenset(p[start:] for p in tree.outside_files if p.startswith(f"{child}/"))
    links = tuple(p[start:] for p in tree.outside_folders if p.startswith(f"{child}/"))
    return Tree(tree.absolute(child), folders, outside, links)


_Found = tuple[str, dict[str, object]]


def _widerperson(tree: Tree) -> _Found | None:
    top = {folder.lower(): folder for folder in _children(tree)}
    if not {"images", "annotations"} <= top.keys():
        return None
    labels = labels_of(tree.folders[top["annotations"]], "txt")
    lists = sorted({"train.txt", "val.txt"} & set(tree.folders[""]))
    if not labels or not (lists or all("." in name for name in labels)):
        return None
    facts: dict[str, object] = {"labels": len(labels), "lists": ", ".join(lists) or "-"}
    return "Images/, Annotations/ with {labels} text files, lists: {lists}", facts


def _yolo(tree: Tree) -> _Found | None:
    folders = [f for f in _image_folders(tree) if is_part(f.rpartition("/")[0])]
    parts = [folder.rpartition("/")[0] or "." for folder in folders]
    has_text = any(True for f in folders for _ in _label_names(tree, f, "txt"))
    has_json = any(True for f in folders for _ in _label_names(tree, f, "json"))
    names = next(iter(name_files(tree.folders)), None)
    has_yaml = names is not None and suffix_of(names) in {"yaml", "yml"}
    if not folders or has_json or not (has_text or has_yaml):
        return None
    if not has_text and found_voc(tree):
        return None
    facts: dict[str, object] = {"parts": ", ".join(parts), "names": names}
    if has_yaml:
        return "{names}, and images/ with labels/*.txt in: {parts}", facts
    return "images/ with labels/*.txt in: {parts} (no data.yaml)", facts


def _aihub(tree: Tree) -> _Found | None:
    every = image_folders(tree, need_labels=True)
    labels = [path for folder in every for path in _label_names(tree, folder, "json")]
    folders = [f for f in every if any(True for _ in _label_names(tree, f, "json"))]
    own = Path(tree.root).name.lower()
    if not folders:
        return found_original(tree)
    if any(_depth(folder, own) > 1 for folder in folders):
        return None
    inside = {below for folder in folders for below in tree.under(folder)}
    images = sum(path.rpartition("/")[0] in inside for path in tree.images())
    if len(labels) < LEAST_LABELLED * images:
        return None
    if not is_aihub(tree, labels):
        return None
    facts: dict[str, object] = {"count": len(folders), "labels": len(labels)}
    return "images/ beside labels/ with one JSON an image, in {count} places", facts


def _depth(image_folder: str, own: str) -> int:
    """Folders above a folder 'images', without parts of a split and repetitions of the source."""
    above = image_folder.lower().split("/")[:-1]
    return sum(part_of(name) is None and name != own for name in above)


def _voc(tree: Tree) -> _Found | None:
    facts = found_voc(tree)
    if facts is None:
        return None
    return "{labels} XML files (Pascal VOC) beside their images, in: {folders}", facts


def _coco(tree: Tree) -> _Found | None:
    if next(tree.images(), None) is None:
        return None
    for folder in tree.folders:
        if "/" in folder or not (is_part(folder) or is_label_folder(folder)):
            continue
        for name in labels_of(tree.folders[folder], "json").values():
            if any(task in name.lower() for task in OTHER_TASKS):
                continue
            path = join(folder, name)
            if path in tree.outside_files:
                continue
            if name.startswith("instances_") or _is_coco(tree.absolute(path)):
                return "{file} with images, annotations and categories", {"file": path}
    return None


def _is_coco(path: str) -> bool:
    file = Path(path)
    size = file.stat().st_size
    if size <= _PARSED_WHOLE:
        document = document_of(path)
        return isinstance(document, dict) and all(key in document for key in KEYS)
    with file.open("rb") as stream:
        ends = stream.read(_PEEK)
        stream.seek(size - _PEEK)
        ends += stream.read()
    return sum(f'"{key}"'.encode() in ends for key in KEYS) >= 2


def _image_folders(tree: Tree) -> list[str]:
    """Folders 'images' that hold an image, in themselves or below."""
    full = {path.rpartition("/")[0] for path in tree.images()}
    return [
        folder
        for folder in image_folders(tree, need_labels=False)
        if any(below in full for below in tree.under(folder))
    ]


def _label_names(tree: Tree, image_folder: str, suffix: str) -> Iterator[str]:
    """Label files of the folder labels/ beside, and of the folders below it."""
    labels = labels_beside(tree, image_folder)
    if labels is not None:
        for folder in tree.under(labels):
            for name in labels_of(tree.folders[folder], suffix).values():
                yield join(folder, name)


_TESTS = {"widerperson": _widerperson, "yolo": _yolo, "aihub": _aihub, "voc": _voc, "coco": _coco}
