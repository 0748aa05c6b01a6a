"""Labels that belong to two images, and images that have two labels, as only their stems count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from hoban_assets.formats.folders import Tree, stem
from hoban_assets.formats.naming import nfc


def shared_labels(tree: Tree, pairs: Mapping[str, str | None]) -> dict[str, str]:
    """Find pairs of image and label that are not the only ones.

    Args:
        tree: the listed source.
        pairs: image path to label path or None, paired by their stems.

    Returns:
        Image to what else has its label (a.png beside a.jpg), or which other label it has (a.TXT
        beside a.txt).
    """
    images: dict[str, list[str]] = {}
    for image, label in pairs.items():
        if label is not None:
            images.setdefault(label, []).append(image)
    found = {
        image: f"also the label of {next(i for i in all_ if i != image)}"
        for all_ in images.values()
        if len(all_) > 1
        for image in all_
    }
    doubled: dict[str, set[str]] = {}
    for label, all_ in images.items():
        folder, _, name = label.rpartition("/")
        suffix = name.rpartition(".")[2].lower()
        if folder not in doubled:
            names = [n for n in tree.folders[folder] if n.lower().endswith(f".{suffix}")]
            counts = Counter(map(stem, names))
            doubled[folder] = {key for key, count in counts.items() if count > 1}
        if stem(name) in doubled[folder]:
            found |= dict.fromkeys(all_, f"two labels {stem(name)}.{suffix}")
    return found


def named_again(
    pairs: Mapping[str, str | None],
    orphans: Iterable[str],
    named_by: Callable[[str], str | None],
) -> dict[str, str]:
    """Find images that a label without an image of its stem names: they have two labels.

    Args:
        pairs: image path to label path or None.
        orphans: labels that no image has the stem of.
        named_by: file name of the image that such a label names; '' or None for none.

    Returns:
        Image to which other label it has. Only labels of the same folder count, as equal names
        may stand in two.
    """
    orphans = list(orphans)
    if not orphans:
        return {}
    labelled = ((label.rpartition("/")[0], path) for path, label in pairs.items() if label)
    of = {(folder, nfc(path.rpartition("/")[2])): path for folder, path in labelled}
    found = {}
    for orphan in orphans:
        path = of.get((orphan.rpartition("/")[0], nfc(named_by(orphan) or "")))
        if path is not None:
            found[path] = f"two labels name it: also {orphan}"
    return found
