"""What is said of the groups that the names of a source make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hoban_assets.reporting.inspection.losses import DOUBTFUL, NOTE, Finding
from hoban_assets.units import share_text

WORTH_ASKING = 0.1
"""Share of the images that numbered names must have before a pattern is proposed."""


def clip_findings(groups: Mapping[str, Any], images: int) -> Iterator[Finding]:
    """Say what is one group by its names, and ask about numbered names that are not."""
    if not groups:
        return
    if groups["groups"]:
        yield Finding(
            NOTE,
            groups["images"] / max(1, images),
            "Frames of one clip, or copies of one photograph, by their names: {images} images in "
            "{groups} groups, the largest of {most}: {files}.",
            "Datasets keep a group on one side of the split. Where names mislead, the source's "
            "clip_pattern says what a clip is.",
            {
                "images": groups["images"],
                "groups": groups["groups"],
                "most": groups["largest"]["images"],
                "files": ", ".join(groups["largest"]["files"]),
            },
        )
    share = groups["numbered"] / max(1, images)
    if groups["pattern"] and share >= WORTH_ASKING:
        yield Finding(
            DOUBTFUL,
            share,
            "Numbered names that count as single photographs: {count} ({share}), for instance "
            "{files}.",
            'If they are frames of videos, declare the source with clip_pattern=r"{pattern}", or '
            "see what it finds with --clip. If not, nothing has to be done.",
            {
                "count": groups["numbered"],
                "share": share_text(share),
                "files": ", ".join(groups["examples"]),
                "pattern": groups["pattern"],
            },
        )
