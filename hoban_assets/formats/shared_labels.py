"""Labels that belong to two images, and images that have two labels, as only their stems count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from hoban_assets.formats.folders import Tree, stem


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
