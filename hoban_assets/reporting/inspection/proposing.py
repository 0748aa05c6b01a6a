"""The entry that an inspected folder would be declared by."""

from __future__ import annotations

from typing import Any

from hoban_assets.classes import CLASS_NAMES, class_meant
from hoban_assets.reporting.inspection.figures import Inspection

NO_CLASSES = frozenset({"background", "pictures"})


def proposed_entry(
    seen: Inspection, name: str | None = None, clip: str | None = None
) -> tuple[dict[str, Any], dict[str, str]]:
    """Attributes of a `SourceEntry`, and notes on them for whoever reads the file.

    Classes that are called as one of ours (by name, Korean name, id or code) are taken; what the
    others are only a person can say, so they are listed and left out.

    Args:
        seen: the folder.
        name: what the source is called; None: what its folder is called.
        clip: pattern of its clips, where one was given.
    """
    values: dict[str, Any] = {
        "name": name or seen.proposed_name,
        "folder": seen.folder,
        "format": seen.format,
    }
    if clip is not None:
        values["clip_pattern"] = clip
    if seen.format in NO_CLASSES:
        return values, {}
    ours = {row["class"]: class_meant(row["class"]) for row in seen.classes}
    taken = {own: meant for own, meant in ours.items() if meant in CLASS_NAMES}
    others = [own for own in ours if own not in taken]
    note = "Its own class, and which of ours that is: look whether each of these is right."
    if others:
        note += f" Not taken: {', '.join(map(repr, others))}; ours are {', '.join(CLASS_NAMES)}."
    return {**values, "classes": taken}, {"classes": note}
