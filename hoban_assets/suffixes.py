"""What the suffix of a file says of it: a picture that is decoded, labels, or names of classes."""

from __future__ import annotations

IMAGE_SUFFIXES = frozenset(
    {"jpg", "jpeg", "jpe", "jfif", "jif", "jfi", "mpo", "png", "bmp", "dib", "webp", "tif", "tiff"}
)
"""Of the formats that are decoded (`formats.image_probe.FORMATS`), in every spelling in use."""
LABEL_SUFFIXES = frozenset({"txt", "json", "xml", "jsonl", "ndjson", "odgt", "csv"})
"""What labels are kept in. Whether such a file is a label, its folder, its name or its content
says (`formats.unread`)."""
CLASS_SUFFIXES = frozenset({"yaml", "yml", "names", "labels"})
"""What names of classes are kept in, beside text files."""


def suffix_of(name: str) -> str:
    """What stands behind the last dot, in lower case; '' where there is none."""
    _, dot, suffix = name.rpartition(".")
    return suffix.lower() if dot else ""


def is_image(name: str) -> bool:
    """Whether a file is called like a picture that is decoded, and is not hidden (``._x.jpg``)."""
    return suffix_of(name) in IMAGE_SUFFIXES and not name.startswith(".")
