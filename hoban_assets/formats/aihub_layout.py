"""AI Hub's own folders, as they are downloaded: 원천데이터 (images) beside 라벨링데이터 (labels).

Two trees that mirror each other but for the words that say which is which: ``01.원천데이터`` and
``02.라벨링데이터``, ``TS_안전모`` and ``TL_안전모``, ``VS1`` and ``VL1``, ``[원천]화재`` and
``[라벨]화재``.
An image and a JSON belong together where their folders are the same but for these words, and their
names are; else where a name occurs once among the images and once among the labels of one part.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from hoban_assets.formats.decoding import parse_json, read_bytes
from hoban_assets.formats.folders import Tree, images_of, join, labels_of, stem
from hoban_assets.formats.naming import is_part, nfc
from hoban_assets.formats.voc import LEAST_LABELLED

_NUMBER = re.compile(r"^\d+(?:[._ -]+\d+)*[._ -]+(?=\D)")
_KINDS = {
    "image": re.compile(r"원천\s*데이터|(?<=\[)원천(?=\])|(?<=^[TV])S(?=$|[_\d .-])"),
    "label": re.compile(r"라벨링?\s*데이터|(?<=\[)라벨링?(?=\])|(?<=^[TV])L(?=$|[_\d .-])"),
}
_LABELS_OPENED = 5
_Key = tuple[str, ...]


def original_pairs(tree: Tree) -> tuple[dict[str, str | None], list[str]]:
    """Images below folders of AI Hub's own names, with their JSON or None, and JSON without image.

    Empty where no image has a JSON: folders with such names alone are nothing.
    """
    images: dict[_Key, list[str]] = {}
    labels: dict[_Key, list[str]] = {}
    for folder, names in tree.folders.items():
        kinds, key = _key(folder)
        if kinds == {"image"}:
            for path in images_of(folder, names):
                own = (*key, nfc(stem(path.rpartition("/")[2])))
                images.setdefault(own, []).append(path)
        elif kinds == {"label"}:
            for name, file in labels_of(names, "json").items():
                labels.setdefault((*key, nfc(name)), []).append(join(folder, file))
    pairs: dict[str, str | None] = {}
    for key in images.keys() & labels.keys():
        if len(labels[key]) == 1:  # two images of one label are told by `shared_labels`
            pairs |= dict.fromkeys(images.pop(key), labels.pop(key)[0])
    pairs |= _by_name(images, labels)
    if not pairs:
        return {}, []
    used = set(pairs.values())
    rest = [path for paths in images.values() for path in paths if path not in pairs]
    alone = [path for paths in labels.values() for path in paths if path not in used]
    return dict(sorted({**pairs, **dict.fromkeys(rest)}.items())), sorted(alone)


def found_original(tree: Tree) -> tuple[str, dict[str, object]] | None:
    """AI Hub's own folders, unpacked."""
    pairs, _ = original_pairs(tree)
    labels = [path for path in pairs.values() if path is not None]
    tops = _top_folders(labels)
    own = Path(tree.root).name.lower()
    above = [name for top in tops for name in top.split("/")[:-1]]
    if not labels or not all(_is_own_level(name) or name.lower() == own for name in above):
        return None
    if len(labels) < LEAST_LABELLED * len(pairs) or not is_aihub(tree, labels):
        return None
    return "AI Hub's own folders, with {labels} JSON in {first}", {
        "labels": len(labels),
        "first": tops[0],
    }


def is_aihub(tree: Tree, labels: list[str]) -> bool:
    """Whether one of the first labels is a JSON with annotations, or none of them is readable."""
    usable = [path for path in labels if path not in tree.outside_files]
    opened = [document_of(tree.absolute(path)) for path in usable[:_LABELS_OPENED]]
    readable = [document for document in opened if document is not None]
    return not readable or any(isinstance(d, dict) and "annotations" in d for d in readable)


def document_of(path: str) -> object:
    """The JSON in a file; None where there is none."""
    try:
        return parse_json(read_bytes(path))
    except (OSError, ValueError):
        return None


def _top_folders(paths: Iterable[str]) -> list[str]:
    """Of each path the folder whose name says images or labels first, and those above it."""
    tops = set()
    for path in paths:
        parts = path.split("/")[:-1]
        at = next((i for i, part in enumerate(parts) if _kind(part)), len(parts) - 1)
        tops.add("/".join(parts[: at + 1]))
    return sorted(tops)


def _is_own_level(name: str) -> bool:
    """Whether a folder above those is AI Hub's, not one of several sources: 1.데이터, Training."""
    return is_part(name) or nfc(name).strip().endswith("데이터")


def _by_name(images: dict[_Key, list[str]], labels: dict[_Key, list[str]]) -> dict[str, str]:
    """Pairs among the rest whose name occurs once on either side, within one part of the split."""
    once = []
    for side in (images, labels):
        found = [((key[0], key[-1]), paths) for key, paths in side.items()]
        counts = Counter(key for key, paths in found for _ in paths)
        once.append({key: paths[0] for key, paths in found if counts[key] == 1})
    return {once[0][key]: once[1][key] for key in once[0].keys() & once[1].keys()}


def _key(folder: str) -> tuple[set[str], _Key]:
    """Kinds that the names of a folder's path say, and the path without them.

    The first element of the path is what stands above the first such name, and its T or V.
    """
    kinds: set[str] = set()
    key: list[str] = []
    above = ""
    for part in folder.split("/"):
        kind = _kind(part)
        name = _NUMBER.sub("", nfc(part).strip())
        if kind is not None:
            if not kinds:
                above = "/".join(key)
            kinds.add(kind)
            name = _KINDS[kind].sub("*", name)
        key.append(name)
    split = next((name[0] for name in key if re.match(r"[TV]\*", name)), "")
    return kinds, (f"{above}|{split}", *key)


def _kind(part: str) -> str | None:
    name = _NUMBER.sub("", nfc(part).strip())
    return next((kind for kind, words in _KINDS.items() if words.search(name)), None)
