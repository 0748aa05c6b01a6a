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
    several = {label for label, count in Counter(pairs.values()).items() if count > 1}
    doubled: dict[str, frozenset[str]] = {}
    found = {}
    for image, label in pairs.items():
        if label is None:
            continue
        if label in several:
            images.setdefault(label, []).append(image)
        folder, _, name = label.rpartition("/")
        if folder not in doubled:
            doubled[folder] = _twice(tree.folders[folder], name.rpartition(".")[2].lower())
        if doubled[folder] and stem(name) in doubled[folder]:
            found[image] = f"two labels {stem(name)}.{name.rpartition('.')[2].lower()}"
    for same in images.values():
        for image in same:
            other = next(i for i in same if i != image)
            found.setdefault(image, f"also the label of {other}")
    return found


def _twice(names: Iterable[str], suffix: str) -> frozenset[str]:
    """Stems that several `names` with this suffix (any case) have."""
    counts = Counter(stem(name) for name in names if name.lower().endswith(f".{suffix}"))
    return frozenset(key for key, count in counts.items() if count > 1)


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
