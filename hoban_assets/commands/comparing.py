"""Features of pictures that a command compares, with a bar: nothing of them is kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hoban_assets.commands.printing import progress_bar
from hoban_assets.settings import Settings

if TYPE_CHECKING:
    import numpy as np

    from hoban_assets.curation.copies.search import CopyGraph

_PART = 256


def features_here(paths: list[Path], engine: str, settings: Settings) -> np.ndarray:
    """Rows of an engine that runs in this process (thumbnail, copies), in the order of `paths`."""
    import numpy as np

    from hoban_assets.curation.copies.reading import sketches_of
    from hoban_assets.curation.features import thumbnail_features

    with progress_bar("reading pictures") as progress:
        if engine == "copies":
            return sketches_of(paths, settings.workers, progress)
        parts = [thumbnail_features([], settings.workers)]
        for start in range(0, len(paths), _PART):
            parts.append(thumbnail_features(paths[start : start + _PART], settings.workers))
            progress(min(start + _PART, len(paths)), len(paths))
    return np.concatenate(parts)


def copies_among(paths: list[Path], settings: Settings) -> CopyGraph:
    """Graph of the copies among these files."""
    from hoban_assets.curation.copies.search import copy_graph

    rows = features_here(paths, "copies", settings)
    with progress_bar("proving copies") as progress:
        return copy_graph(rows, settings.workers, progress)
