"""Folders of images beside folders of labels: what AI Hub exports and YOLO folders share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from hoban_assets.formats.folders import Tree, images_of, join, labels_of, stem
from hoban_assets.formats.naming import nfc


def image_folders(tree: Tree, *, need_labels: bool) -> list[str]:
    """Folders named 'images' (any case); with `need_labels` only those with 'labels' beside."""
    return [
        folder
        for folder in tree.folders
        if folder.rpartition("/")[2].lower() == "images"
        and (not need_labels or labels_beside(tree, folder) is not None)
    ]


def labels_beside(tree: Tree, folder: str) -> str | None:
    """The folder 'labels' (any case) that stands beside `folder`, or None."""
    parent = folder.rpartition("/")[0]
    for name in ("labels", "Labels", "LABELS"):
        if join(parent, name) in tree.folders:
            return join(parent, name)
    return None


def pair(
    tree: Tree, folders: Iterable[str], suffix: str
) -> tuple[dict[str, str | None], list[str]]:
    """Pair images and labels of the same stem.

    Args:
        tree: the listed source.
        folders: image folders; folders below them are paired with the same ones below the labels.
        suffix: of the labels, without the dot.

    Returns:
        Image path to label path or None, sorted, and the labels without an image, sorted.
    """
    pairs: dict[str, str | None] = {}
    orphans: list[str] = []
    for top in folders:
        labels_top = labels_beside(tree, top)
        below = {folder[len(top) :] for folder in tree.under(top)}
        if labels_top is not None:
            below |= {folder[len(labels_top) :] for folder in tree.under(labels_top)}
        for rest in below:
            label_folder = None if labels_top is None else labels_top + rest
            found, left = pair_folder(tree, top + rest, label_folder, suffix)
            pairs |= found
            orphans += left
    return dict(sorted(pairs.items())), sorted(orphans)


def pair_folder(
    tree: Tree, image_folder: str, label_folder: str | None, suffix: str
) -> tuple[dict[str, str | None], list[str]]:
    """As `pair` for one folder of images and its folder of labels, which may be the same one."""
    names = tree.folders.get(label_folder, []) if label_folder is not None else []
    labels = labels_of(names, suffix)
    images = list(images_of(image_folder, tree.folders.get(image_folder, [])))
    found = match([stem(image.rpartition("/")[2]) for image in images], labels)
    used = set(found)
    pairs = {
        image: None if key is None else join(label_folder or "", labels[key])
        for image, key in zip(images, found, strict=True)
    }
    return pairs, [join(label_folder or "", n) for key, n in labels.items() if key not in used]


def match(stems: Sequence[str], labels: Collection[str]) -> list[str | None]:
    """The label stem of each image stem: the same one, else the one of the same composed form.

    Where two images or two labels have one composed form and none is spelled alike, there is no
    label: it might be the other one's.
    """
    exact = [key if key in labels else None for key in stems]
    taken = {key for key in exact if key is not None}
    free: dict[str, list[str]] = {}
    for label in labels:
        if not label.isascii() and label not in taken:
            free.setdefault(nfc(label), []).append(label)
    if not free:
        return exact
    wanting = Counter(nfc(key) for key, found in zip(stems, exact, strict=True) if found is None)

    def second(key: str) -> str | None:
        choice = free.get(nfc(key), [])
        return choice[0] if len(choice) == 1 and wanting[nfc(key)] == 1 else None

    return [found or second(key) for key, found in zip(stems, exact, strict=True)]
