"""Folders of images beside folders of labels: what AI Hub exports and YOLO folders share."""

from __future__ import annotations

from collections.abc import Iterable

from hoban_assets.formats.folders import Tree, images_of, join, labels_of, stem


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
            names = tree.folders.get(label_folder, []) if label_folder is not None else []
            labels = labels_of(names, suffix)
            used = set()
            for image in images_of(top + rest, tree.folders.get(top + rest, [])):
                key = stem(image.rpartition("/")[2])
                label = labels.get(key)
                used.add(key)
                pairs[image] = None if label is None else f"{label_folder}/{label}"
            orphans += [f"{label_folder}/{name}" for key, name in labels.items() if key not in used]
    return dict(sorted(pairs.items())), sorted(orphans)
