"""What the names of a source say of clips and copies, and a pattern where they may say more.

Groups decide the split alone; see `formats.clips` for the rules.
"""

from __future__ import annotations

from typing import Any

from hoban_assets.formats.clips import proposed_pattern
from hoban_assets.formats.gather import Gathered


def groups_by_name(found: Gathered) -> dict[str, Any]:
    """What belongs together by its name.

    Returns:
        ``groups`` of two images or more, ``images`` in them, ``largest`` (its images, some of its
        files), and ``pattern``, ``numbered``, ``examples``: a `clip_pattern` for names that end
        with a number and are in no group. Empty where no image was kept.
    """
    images = found.samples.images
    if images.empty:
        return {}
    sizes = images.group_id.value_counts()
    alone = images[images.group_id.map(sizes) == 1]
    proposed = proposed_pattern(alone.file)
    together = sizes[sizes > 1]
    largest = images.file[images.group_id == together.index[0]] if len(together) else []
    return {
        "groups": len(together),
        "images": int(together.sum()),
        "largest": {"images": len(largest), "files": [f.rpartition("/")[2] for f in largest][:3]},
        "pattern": proposed.pattern if proposed else None,
        "numbered": proposed.images if proposed else 0,
        "examples": proposed.examples if proposed else [],
    }
