"""What a dataset is going to copy, asked before it is built: where hard links are impossible."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.file_systems import cannot_link, existing
from hoban_assets.freshness.declared import Declared, Source
from hoban_assets.language import Say
from hoban_assets.settings import Settings
from hoban_assets.suffixes import is_image
from hoban_assets.units import size_text

LOOKED_AT = 40
"""Photographs of each source whose sizes are taken for those of all."""
COPIED = 8
"""Photographs of each source that are copied to measure the rate."""


@dataclass(frozen=True)
class CopiesAhead:
    """An upper bound from the quotas, mean size and rate from a few photographs."""

    images: int
    bytes: int
    seconds: float
    reasons: tuple[str, ...]
    """Why they cannot be linked."""
    raw_root: Path
    data_root: Path


def copies_ahead(
    settings: Settings, dataset: Declared, stages: Mapping[str, Declared], partition: str
) -> CopiesAhead | None:
    """Return what building `dataset` would copy at most; None where it links.

    A dataset that is scaled when published, and one for which ``HOBAN_LINKS`` asks for symbolic
    links, copies nothing. On a read-only disk nothing can be tried: None.

    Args:
        settings: raw root and data root.
        dataset: with its recipe.
        stages: declared stages by name.
        partition: 'sub' or 'full'.
    """
    recipe = dataset.recipe
    prescale = recipe.get("prescale")
    scaled = prescale.get(partition) if isinstance(prescale, dict) else prescale
    if scaled or settings.links == "symbolic":
        return None
    reasons: dict[str, None] = {}
    sizes, rates = list[int](), list[float]()
    for source in _sources(dataset, stages, partition):
        files = list(islice(photographs(settings.raw_root / source.folder), LOOKED_AT))
        try:
            reason = cannot_link(files[0], settings.data_root) if files else ""
        except OSError as error:
            if error.errno != errno.EROFS:
                raise
            return None
        if reason:
            reasons[reason] = None
            sizes += [file.stat().st_size for file in files]
            rates.append(_seconds_a_byte(files[:COPIED], settings.data_root))
    if not reasons:
        return None
    quota, backgrounds = recipe["quota"][partition], recipe["backgrounds"][partition]
    if quota is None or backgrounds is None:  # all that there are
        folders = {source.folder for source in _sources(dataset, stages, partition)}
        images = sum(1 for f in folders for _ in photographs(settings.raw_root / f))
    else:
        images = quota * len(recipe.get("area") or CLASS_NAMES) + backgrounds
    size = round(images * sum(sizes) / len(sizes))
    return CopiesAhead(
        images, size, size * max(rates), tuple(reasons), settings.raw_root, settings.data_root
    )


def _sources(dataset: Declared, stages: Mapping[str, Declared], partition: str) -> Iterator[Source]:
    for name in dataset.inputs.get(partition, ()):
        if name in stages:
            yield from stages[name].sources


def photographs(folder: Path) -> Iterator[Path]:
    """Photographs below a folder, in the order of their names."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(place, name) for name in sorted(names) if is_image(name))


def _seconds_a_byte(files: list[Path], target: Path) -> float:
    """How long copying takes, measured; nothing of it stays."""
    began, copied = time.perf_counter(), 1
    with tempfile.TemporaryDirectory(prefix=".copy-", dir=existing(target)) as trial:
        for file in files:
            shutil.copy2(file, trial)
            copied += file.stat().st_size
    return (time.perf_counter() - began) / copied


def told_copies(ahead: CopiesAhead | None, say: Say) -> list[str]:
    """What is copied, how long it takes, and what avoids it; nothing where nothing is copied."""
    if ahead is None:
        return []
    return [
        say(
            "This copies up to {size} ({images} photographs, about {minutes} min): {reason}.",
            size=size_text(ahead.bytes),
            images=f"{ahead.images:,}",
            minutes=f"{max(1, round(ahead.seconds / 60)):,}",
            reason="; ".join(say(reason) for reason in ahead.reasons),
        ),
        say("Ways out, any one of them:"),
        "  "
        + say(
            "export HOBAN_DATA_ROOT={folder}   # the same drive as the raw files",
            folder=ahead.raw_root.parent / "hoban-data",
        ),
        "  " + say("export HOBAN_LINKS=symbolic   # one symbolic link a photograph, no copy"),
        "  " + say("prescale: 640 in the recipe   # scaled to the training size, a few GB"),
    ]
